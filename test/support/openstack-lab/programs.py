# SPDX-License-Identifier: Apache-2.0
"""Starts one program of OpenStack by name, since the library packages bring no commands.

programs.py NAME ARGUMENTS...        for example: nova-api --config-file nova.conf
programs.py wsgi MODULE:FACTORY PORT serves a WSGI application on loopback
"""
import importlib
import sys

MODULES = {
    'glance-manage': 'glance.cmd.manage',
    'glance-api': 'glance.cmd.api',
    'neutron-db-manage': 'neutron.db.migration.cli',
    'neutron-server': 'neutron.cmd.eventlet.server',
    'nova-manage': 'nova.cmd.manage',
    'nova-api': 'nova.cmd.api_os_compute',
    'nova-conductor': 'nova.cmd.conductor',
    'nova-scheduler': 'nova.cmd.scheduler',
    'nova-compute': 'nova.cmd.compute',
    'cinder-manage': 'cinder.cmd.manage',
    'cinder-api': 'cinder.cmd.api',
    'cinder-scheduler': 'cinder.cmd.scheduler',
    'cinder-volume': 'cinder.cmd.volume',
}


def serve(factory, port):
    import socketserver
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(socketserver.ThreadingMixIn, WSGIServer):
        daemon_threads = True
        request_queue_size = 64

    class Handler(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    module, name = factory.split(':')
    # The services read the command line again.
    sys.argv = sys.argv[:1]
    application = getattr(importlib.import_module(module), name)()
    make_server('127.0.0.1', int(port), application, server_class=Server, handler_class=Handler).serve_forever()


if sys.argv[1] == 'wsgi':
    serve(sys.argv[2], sys.argv[3])
else:
    program = sys.argv[1]
    sys.argv = [program] + sys.argv[2:]
    sys.exit(importlib.import_module(MODULES[program]).main())
