# SPDX-License-Identifier: Apache-2.0
# A WinRM service for tests (MS-WSMV): it checks every message as Windows does (headers that must be understood, Basic log-in, shells,
# commands, streams) and plays a Windows machine behind it: accounts, hosts file, and the results of a few Ansible modules.
#
#   winrm_peer.py PORT http|https STATE.json [CERTIFICATE.pem]
#
# STATE.json: {"password": ..., "log": [...], "hosts": ..., "refuse": n}; it is written again after each change.
import base64
import http.server
import json
import os
import re
import ssl
import sys
import threading
import uuid
import xml.etree.ElementTree as ET

S = 'http://www.w3.org/2003/05/soap-envelope'
A = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
W = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
RSP = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/'
IDENTITY = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'
ACTIONS = {TRANSFER + 'Create': 'create', TRANSFER + 'Delete': 'delete', RSP + '/Command': 'command', RSP + '/Send': 'send',
           RSP + '/Receive': 'receive', RSP + '/Signal': 'signal'}

port, scheme, state_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
lock = threading.RLock()
with open(state_path) as f:
    state = json.load(f)
state.setdefault('log', [])
state.setdefault('hosts', '127.0.0.1 localhost\r\n')
shells = {}


def save():
    with open(state_path + '.new', 'w') as f:
        json.dump(state, f)
    os.rename(state_path + '.new', state_path)


def note(text):
    with lock:
        state['log'].append(text)
        save()


class Fault(Exception):
    def __init__(self, text, code='2150858523'):
        super().__init__(text)
        self.code = code


def find(element, path, what):
    found = element.find(path)
    if found is None:
        raise Fault('the message has no ' + what)
    return found


def must(header, name, namespace):
    element = find(header, '{%s}%s' % (namespace, name), name)
    # Windows takes it without prefix too, as pywinrm writes it.
    if (element.get('{%s}mustUnderstand' % S) or element.get('mustUnderstand')) not in ('true', '1'):
        raise Fault('%s is not marked mustUnderstand' % name)
    return (element.text or '').strip()


class Command:
    def __init__(self, line):
        self.line, self.stdin, self.is_closed, self.sent = line, b'', False, False

    def run(self):
        match = re.search(r'-EncodedCommand\s+(\S+)', self.line, re.I)
        script = base64.b64decode(match.group(1)).decode('utf-16-le') if match else self.line
        return play(script, self.stdin)


def play(script, stdin):
    """What the machine does: exit code, standard output, standard error."""
    if 'hosts.im' in script:
        return prepare(stdin)
    payload = manifest_of(stdin)
    if payload is not None:
        arguments = payload['module_args']
        name = arguments.get('_ansible_module_name', '').split('.')[-1]
        note('module ' + name)
        if name == 'win_ping':
            return 0, json.dumps({'changed': False, 'ping': arguments.get('data', 'pong')}), ''
        if name == 'setup':
            facts = {'ansible_os_family': 'Windows', 'ansible_hostname': 'WIN-TEST', 'ansible_distribution': 'Microsoft Windows Server 2022'}
            return 0, json.dumps({'changed': False, 'ansible_facts': facts}), ''
        return 0, json.dumps({'failed': True, 'msg': 'the test machine does not know ' + name}), ''
    note('raw ' + script.strip()[:200])
    if script.strip() == 'whoami':
        return 0, 'win-test\\administrator\r\n', ''
    if script.strip() == 'exit 3':
        return 3, '', 'it failed\r\n'
    return 0, '', ''


def manifest_of(stdin):
    """The module and its arguments that Ansible sends to the standard input of PowerShell."""
    for part in stdin.decode('utf-8', 'replace').split('\0\0\0\0'):
        try:
            data = json.loads(part)
        except ValueError:
            continue
        if isinstance(data, dict) and 'module_args' in data:
            return data
    return None


def prepare(stdin):
    wanted = json.loads(base64.b64decode(stdin))
    lines = ['IM1\tos\tfact\twindows 10.0.20348']
    with lock:
        text = state.setdefault('original', state['hosts']).rstrip() + '\r\n' + wanted['hosts'].replace('\n', '\r\n')
        lines.append('IM1\thosts\t%s\t' % ('ok' if state['hosts'] == text else 'changed'))
        state['hosts'] = text
        if wanted['password']:
            state['password'] = wanted['password']
            lines.append('IM1\tpassword\tchanged\t')
        save()
    lines.append('IM1\tend\tfact\t0')
    return 0, '\r\n'.join(lines) + '\r\n', ''


def answer(root):
    body = find(root, '{%s}Body' % S, 'Body')
    if body.find('{%s}Identify' % IDENTITY) is not None:
        return '<wsmid:IdentifyResponse xmlns:wsmid="%s"><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor></wsmid:IdentifyResponse>' % IDENTITY
    header = find(root, '{%s}Header' % S, 'Header')
    action = ACTIONS.get(must(header, 'Action', A))
    if action is None:
        raise Fault('the action is not known')
    if must(header, 'ResourceURI', W) != RSP + '/cmd':
        raise Fault('the resource is no shell')
    find(header, '{%s}To' % A, 'To')
    if not re.match(r'^uuid:[0-9A-Fa-f-]{36}$', find(header, '{%s}MessageID' % A, 'MessageID').text or ''):
        raise Fault('the MessageID is no uuid')
    reply = find(header, '{%s}ReplyTo/{%s}Address' % (A, A), 'ReplyTo')
    if not (reply.text or '').endswith('/anonymous'):
        raise Fault('ReplyTo is not anonymous')
    if not re.match(r'^PT\d+(\.\d+)?S$', find(header, '{%s}OperationTimeout' % W, 'OperationTimeout').text or ''):
        raise Fault('the OperationTimeout is no duration')
    if int(must(header, 'MaxEnvelopeSize', W)) < 8192:
        raise Fault('MaxEnvelopeSize is too small')
    options = {o.get('Name'): o.text for o in header.iter('{%s}Option' % W)}
    if action == 'create':
        shell = find(body, '{%s}Shell' % RSP, 'Shell')
        if find(shell, '{%s}OutputStreams' % RSP, 'OutputStreams').text != 'stdout stderr':
            raise Fault('the streams are not known')
        if options.get('WINRS_CODEPAGE') != '65001':
            raise Fault('the code page is not UTF-8')
        identity = str(uuid.uuid4()).upper()
        with lock:
            shells[identity] = {}
        return (
            '<x:ResourceCreated xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><a:Address>anonymous</a:Address><a:ReferenceParameters>'
            '<w:ResourceURI>%s/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet>'
            '</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>%s</rsp:ShellId></rsp:Shell>' % (RSP, identity, identity))
    selector = [s.text for s in header.iter('{%s}Selector' % W) if s.get('Name') == 'ShellId']
    with lock:
        commands = shells.get(selector[0] if selector else '')
    if commands is None:
        raise Fault('there is no such shell', '2150858843')
    if action == 'delete':
        with lock:
            del shells[selector[0]]
        return ''
    if action == 'command':
        line = find(body, '{%s}CommandLine' % RSP, 'CommandLine')
        words = [find(line, '{%s}Command' % RSP, 'Command').text] + [e.text or '' for e in line.findall('{%s}Arguments' % RSP)]
        identity = str(uuid.uuid4()).upper()
        commands[identity] = Command(' '.join(words))
        return '<rsp:CommandResponse><rsp:CommandId>%s</rsp:CommandId></rsp:CommandResponse>' % identity
    if action == 'send':
        stream = find(body, '{%s}Send/{%s}Stream' % (RSP, RSP), 'Stream')
        command = commands[stream.get('CommandId')]
        command.stdin += base64.b64decode(stream.text or '')
        command.is_closed = command.is_closed or stream.get('End') in ('true', 'TRUE', '1')
        return '<rsp:SendResponse/>'
    if action == 'signal':
        commands.pop(find(body, '{%s}Signal' % RSP, 'Signal').get('CommandId'), None)
        return '<rsp:SignalResponse/>'
    identity = find(body, '{%s}Receive/{%s}DesiredStream' % (RSP, RSP), 'DesiredStream').get('CommandId')
    command = commands[identity]
    if not command.sent:
        # The first question finds nothing: clients must ask again.
        command.sent = True
        raise Fault('The WS-Management service cannot complete the operation within the time specified in OperationTimeout.', '2150858793')
    code, out, err = command.run()
    streams = ''.join('<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>' % (name, identity, base64.b64encode(text.encode()).decode())
                      for name, text in (('stdout', out), ('stderr', err)) if text)
    ends = ''.join('<rsp:Stream Name="%s" CommandId="%s" End="true"></rsp:Stream>' % (name, identity) for name in ('stdout', 'stderr'))
    return ('<rsp:ReceiveResponse>%s%s<rsp:CommandState CommandId="%s" State="%s/CommandState/Done"><rsp:ExitCode>%d</rsp:ExitCode>'
            '</rsp:CommandState></rsp:ReceiveResponse>' % (streams, ends, identity, RSP, code))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def reply(self, status, text='', headers=()):
        data = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Type', 'application/soap+xml;charset=UTF-8')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get('Content-Length', '0')))
        if self.path != '/wsman':
            return self.reply(404)
        given = base64.b64decode((self.headers.get('Authorization') or 'Basic ').split(' ')[-1]).decode('utf-8', 'replace')
        with lock:
            expected = state.get('user', 'Administrator') + ':' + state['password']
        if given != expected:
            note('refused')
            return self.reply(401, headers=[('WWW-Authenticate', 'Negotiate'), ('WWW-Authenticate', 'Basic realm="WSMAN"')])
        if not (self.headers.get('Content-Type') or '').startswith('application/soap+xml'):
            return self.reply(415)
        related = ''
        try:
            root = ET.fromstring(data)
            related = root.findtext('{%s}Header/{%s}MessageID' % (S, A)) or ''
            status, body = 200, answer(root)
        except (Fault, KeyError, ET.ParseError) as error:
            code = getattr(error, 'code', '2150858523')
            if code != '2150858793':
                note('fault %s' % error)
            status, body = 500, (
                '<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>'
                '<s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail><f:WSManFault '
                'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="%s" Machine="win-test"><f:Message>%s</f:Message>'
                '</f:WSManFault></s:Detail></s:Fault>' % (error, code, error))
        head = '<s:Header><a:Action>answer</a:Action><a:MessageID>uuid:%s</a:MessageID><a:RelatesTo>%s</a:RelatesTo></s:Header>' % (uuid.uuid4(), related)
        self.reply(status, '<s:Envelope xmlns:s="%s" xmlns:a="%s" xmlns:w="%s" xmlns:rsp="%s">%s<s:Body>%s</s:Body></s:Envelope>' % (
            S, A, W, RSP, head, body))


server = http.server.ThreadingHTTPServer(('', port), Handler)
server.daemon_threads = True
if scheme == 'https':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print('listening on %d' % server.server_address[1], flush=True)
server.serve_forever()
