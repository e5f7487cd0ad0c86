// SPDX-License-Identifier: Apache-2.0
// The yardstick of the HTTP benchmark: express with one route that does nothing, in a process of its own.
import express from 'express';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.all('/{*path}', (_request, response) => response.type('text/plain').send('3.0.0'));
app.listen(Number(process.argv[2]), '127.0.0.1');
