// SPDX-License-Identifier: Apache-2.0
// The description of the API for people: Swagger UI with all its files from this host, since many sites have no other (rest-api.md §10).
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { errorText } from '../../domain/index.js';
import { escapeHtml } from './error-body.js';
import { type Exchange, sendReply } from './exchange.js';
import { listedRoutes, openApiDocument } from './openapi.js';
import type { PageHandler } from './probes.js';
import { RestProblem } from './problem.js';
import { templatePath } from './route.js';

/** Files of the package that the page uses. */
const PACKAGE_FILES = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);
const START_FILE = 'start.js';
const FILES_DIRECTORY = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const MAX_AGE_MS = 86_400_000;

// Scripts only from files of this host; Swagger UI sets styles of its own and shows images out of its style sheet.
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The path under which proxies publish the service; links with it work whatever host the browser knows. */
const publicPath = ({ baseUrl }: Exchange): string => new URL(baseUrl).pathname.replace(/\/$/, '');

/** Without scripts there is the list of the routes. */
function routeTable(): string {
  return listedRoutes
    .map(({ method, path, summary }) => {
      const cells = [method, templatePath(path), summary].map((text) => `<td>${escapeHtml(text)}</td>`).join('');
      return `        <tr>${cells}</tr>`;
    })
    .join('\n');
}

function page(version: string, path: string): string {
  const root = escapeHtml(path);
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Infrastructure Manager ${escapeHtml(version)}</title>
    <link rel="stylesheet" href="${root}/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="${root}/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>
      <h1>Infrastructure Manager ${escapeHtml(version)}</h1>
      <p>Machine-readable description: <a href="${root}/openapi.json">openapi.json</a>.</p>
      <table>
${routeTable()}
      </table>
    </noscript>
    <script src="${root}/docs/swagger-ui-bundle.js"></script>
    <script src="${root}/docs/${START_FILE}"></script>
  </body>
</html>
`;
}

/** Never asks the validator on the internet, which Swagger UI would do otherwise. */
function startScript(path: string): string {
  const options = { url: `${path}/openapi.json`, dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null };
  return `window.ui = SwaggerUIBundle(${JSON.stringify(options)});\n`;
}

/** GET /docs */
export const servesDocs: PageHandler = async (exchange, { manager }) => {
  exchange.response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  const text = page(manager.version(), publicPath(exchange));
  sendReply(exchange, 200, { type: 'text/html; charset=utf-8', text }, 'revalidate');
};

/** GET /docs/{file} */
export const servesDocsFile: PageHandler = async (exchange) => {
  const { request, response, logger } = exchange;
  const name = request.params.file;
  if (name === START_FILE) {
    const text = startScript(publicPath(exchange));
    sendReply(exchange, 200, { type: 'text/javascript; charset=utf-8', text }, 'revalidate');
    return;
  }
  const missing = new RestProblem(404, 'Not Found', { code: 'not-found', detail: 'Not Found' });
  if (typeof name !== 'string' || !PACKAGE_FILES.has(name)) throw missing;
  await new Promise<void>((resolve, reject) => {
    response.sendFile(name, { root: FILES_DIRECTORY, maxAge: MAX_AGE_MS }, (error) => {
      if (!error) {
        resolve();
      } else if (response.headersSent) {
        logger.debug(`The transfer of ${name} broke off: ${errorText(error)}`);
        response.destroy();
        resolve();
      } else {
        reject(missing);
      }
    });
  });
};

function sendJson(exchange: Exchange, version: string): void {
  const text = JSON.stringify(openApiDocument(version, exchange.baseUrl));
  sendReply(exchange, 200, { type: 'application/json', text }, 'revalidate');
}

/** GET /openapi.json */
export const servesDescription: PageHandler = async (exchange, { manager }) => sendJson(exchange, manager.version());

/** GET /: the page for browsers, the description for all others. */
export const servesRoot: PageHandler = async (exchange, dependencies) => {
  if (exchange.accept.includes('text/html')) await servesDocs(exchange, dependencies);
  else sendJson(exchange, dependencies.manager.version());
};
