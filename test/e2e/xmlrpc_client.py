# SPDX-License-Identifier: Apache-2.0
# Python's own XML-RPC client for the tests: reads one call per line as JSON from standard input, writes one outcome per line.
#
# A call is {"method": name, "params": [...]}; an outcome is {"result": value} or {"fault": [code, text]}.
import json
import sys
import xmlrpc.client

server = xmlrpc.client.ServerProxy(sys.argv[1], allow_none=True)
for line in sys.stdin:
    call = json.loads(line)
    try:
        outcome = {"result": getattr(server, call["method"])(*call["params"])}
    except xmlrpc.client.Fault as fault:
        outcome = {"fault": [fault.faultCode, fault.faultString]}
    except (xmlrpc.client.ProtocolError, OSError) as error:
        outcome = {"error": str(error)}
    print(json.dumps(outcome), flush=True)
