# SPDX-License-Identifier: Apache-2.0
"""Keystone behind a stand-in for the web server's OpenID Connect module: bearer tokens that begin with `good` are accepted."""
from keystone.server.wsgi import initialize_public_application


def application():
    keystone = initialize_public_application()

    def front(environ, start_response):
        path = environ.get('PATH_INFO', '')
        for key in [key for key in environ if key.startswith('HTTP_OIDC')]:
            del environ[key]
        if '/OS-FEDERATION/identity_providers/' in path and path.endswith('/auth'):
            authorization = environ.get('HTTP_AUTHORIZATION', '')
            if not authorization.startswith('Bearer good'):
                start_response('401 Unauthorized', [('Content-Type', 'text/plain')])
                return [b'Unauthorized']
            environ['HTTP_OIDC_ISS'] = 'https://aai.example/'
            environ['HTTP_OIDC_SUB'] = environ['REMOTE_USER'] = authorization[len('Bearer '):]
        return keystone(environ, start_response)

    return front
