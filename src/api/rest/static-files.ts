// SPDX-License-Identifier: Apache-2.0
// The operator's own files, GET /static/{file} (rest-api.md §11).
import { errorText } from '../../domain/index.js';
import type { PageHandler } from './probes.js';
import { RestProblem } from './problem.js';

const notFound = (message: string): RestProblem => new RestProblem(404, message, { code: 'not-found' });

/** Serves one file of STATIC_FILES_DIR; no directories, no hidden files. Ranges and conditions are those of HTTP. */
export const servesStaticFile: PageHandler = async ({ request, response, logger }, { settings }) => {
  const name = request.params.file;
  if (settings.staticFilesDir === '') throw notFound('Static files not enabled.');
  if (typeof name !== 'string' || /[/\\\0]/.test(name)) throw notFound('Not Found');
  await new Promise<void>((resolve, reject) => {
    response.removeHeader('Content-Security-Policy'); // the operator's pages may have scripts of their own
    response.sendFile(name, { root: settings.staticFilesDir, dotfiles: 'ignore', index: false }, (error) => {
      if (!error) {
        resolve();
      } else if (response.headersSent) {
        logger.debug(`The transfer of static file ${name} broke off: ${errorText(error)}`);
        response.destroy();
        resolve();
      } else {
        reject(notFound('File not found'));
      }
    });
  });
};
