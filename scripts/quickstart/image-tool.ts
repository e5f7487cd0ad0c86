// SPDX-License-Identifier: Apache-2.0
// Command behind scripts/node-image.sh: checks, builds or imports the node image through the Docker API.
import { spawn } from 'node:child_process';
import { DockerEngine, engineHost, tarFile } from './docker-engine.js';

/** Label that holds what the image was made from; an image with another value is made anew. */
const RECIPE_LABEL = 'org.infrastructure-manager.node-image';
const REGISTRY_ANSWER_MS = 10_000;
const BUILD_MS = 900_000;

const USAGE = `usage: image-tool check IMAGE RECIPE
       image-tool import IMAGE RECIPE TARFILE
       image-tool build IMAGE RECIPE DIRECTORY BASE_IMAGE`;

async function check(engine: DockerEngine, image: string, recipe: string): Promise<boolean> {
  const labels = await engine.imageLabels(image);
  return labels?.get(RECIPE_LABEL) === recipe;
}

async function importTree(engine: DockerEngine, image: string, recipe: string, file: string): Promise<void> {
  const query = new URLSearchParams({ fromSrc: '-', ...repositoryAndTag(image) });
  for (const change of [`LABEL ${RECIPE_LABEL}=${recipe}`, 'EXPOSE 22', 'CMD ["/usr/sbin/sshd", "-D", "-e"]']) {
    query.append('changes', change);
  }
  const startedAt = Date.now();
  const previous = await engine.imageId(image);
  const body = tarFile(file);
  await engine.stream({ method: 'POST', path: `/images/create?${query}`, body, timeoutMs: BUILD_MS }, () => undefined);
  if (previous !== undefined) await engine.removeImage(previous);
  console.log(`    image ${image} imported in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** Pulls the base image, giving up early when the registry does not answer, and builds the directory's Dockerfile. */
async function build(
  engine: DockerEngine,
  image: string,
  recipe: string,
  directory: string,
  base: string,
): Promise<void> {
  if ((await engine.imageLabels(base)) === undefined) await pull(engine, base);
  console.log(`    building ${image} on ${base}`);
  const query = new URLSearchParams({
    t: image,
    labels: JSON.stringify({ [RECIPE_LABEL]: recipe }),
    networkmode: 'host',
    forcerm: 'true',
  });
  const tar = spawn('tar', ['-C', directory, '-cf', '-', 'Dockerfile'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await engine.stream({ method: 'POST', path: `/build?${query}`, body: tar.stdout, timeoutMs: BUILD_MS }, (line) => {
    if (typeof line.stream === 'string' && line.stream.startsWith('Step')) console.log(`    ${line.stream.trim()}`);
  });
}

async function pull(engine: DockerEngine, image: string): Promise<void> {
  const { repo, tag } = repositoryAndTag(image);
  const query = new URLSearchParams({ fromImage: repo, tag });
  // The engine's answer begins only when the registry has answered the engine; then it goes on as a stream of progress.
  const path = `/images/create?${query}`;
  await engine.stream({ method: 'POST', path, timeoutMs: REGISTRY_ANSWER_MS }, () => undefined);
}

function repositoryAndTag(image: string): { repo: string; tag: string } {
  const colon = image.lastIndexOf(':');
  if (colon < 0 || image.includes('/', colon)) return { repo: image, tag: 'latest' };
  return { repo: image.slice(0, colon), tag: image.slice(colon + 1) };
}

async function main(argv: readonly string[]): Promise<number> {
  const engine = new DockerEngine(engineHost(process.env));
  const [command, image, recipe, source, base] = argv;
  if (image === undefined || recipe === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (command === 'check') return (await check(engine, image, recipe)) ? 0 : 1;
  if (command === 'import' && source !== undefined) {
    await importTree(engine, image, recipe, source);
    return 0;
  }
  if (command === 'build' && source !== undefined && base !== undefined) {
    await build(engine, image, recipe, source, base);
    return 0;
  }
  console.error(USAGE);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`    ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 3;
}
