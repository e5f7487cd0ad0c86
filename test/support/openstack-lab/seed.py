# SPDX-License-Identifier: Apache-2.0
"""What the lab holds before the first test: seed.py identity | wait | resources. Ports come from the environment (lab.sh)."""
import json
import os
import sys
import time

import requests


def at(service, path=''):
    return 'http://127.0.0.1:%s%s' % (os.environ[service], path)


KEYSTONE, NOVA, NEUTRON, GLANCE = at('KEYSTONE', '/v3'), at('NOVA', '/v2.1'), at('NEUTRON', '/v2.0'), at('GLANCE', '/v2')
LAB_FILE = os.path.join(os.environ['LAB'], 'lab.json')


def token(user, password, project):
    problem = ''
    domain = {'id': 'default'}
    body = {'auth': {'identity': {'methods': ['password'], 'password': {'user': {'domain': domain, 'name': user, 'password': password}}},
                     'scope': {'project': {'domain': domain, 'name': project}}}}
    for _ in range(120):
        try:
            answer = requests.post(KEYSTONE + '/auth/tokens', json=body)
            if answer.status_code == 201:
                return {'X-Auth-Token': answer.headers['x-subject-token']}
            problem = answer.text
        except requests.ConnectionError as error:
            problem = str(error)
        time.sleep(0.5)
    raise SystemExit('no token for %s: %s' % (user, problem))


def call(method, url, headers, body=None):
    answer = requests.request(method, url, json=body, headers=headers)
    if answer.status_code not in (200, 201, 202, 204):
        raise SystemExit('%s %s: %s %s' % (method, url, answer.status_code, answer.text[:300]))
    return answer.json() if answer.text else {}


def identity():
    admin = token('admin', 'adminpw', 'admin')
    roles = {role['name']: role['id'] for role in call('GET', KEYSTONE + '/roles', admin)['roles']}
    if 'service' not in roles:
        roles['service'] = call('POST', KEYSTONE + '/roles', admin, {'role': {'name': 'service'}})['role']['id']

    def project(name):
        return call('POST', KEYSTONE + '/projects', admin, {'project': {'name': name, 'domain_id': 'default'}})['project']['id']

    projects = {name: project(name) for name in ('service', 'tenant', 'other')}
    projects['admin'] = call('GET', KEYSTONE + '/projects?name=admin', admin)['projects'][0]['id']

    def user(name, password, grants, domain='default'):
        body = {'user': {'name': name, 'password': password, 'domain_id': domain}}
        user_id = call('POST', KEYSTONE + '/users', admin, body)['user']['id']
        for where, role in grants:
            call('PUT', '%s/projects/%s/users/%s/roles/%s' % (KEYSTONE, projects[where], user_id, roles[role]), admin)
        return user_id

    user('svc', 'svcpw', [('service', 'admin'), ('service', 'service')])
    user_id = user('user', 'pass', [('tenant', 'member'), ('other', 'member')])
    domain = call('POST', KEYSTONE + '/domains', admin, {'domain': {'name': 'Users'}})['domain']['id']
    user('ana', 'p;w', [('tenant', 'member')], domain)
    for kind, name, url in [('placement', 'placement', at('PLACEMENT')), ('image', 'glance', at('GLANCE')), ('compute', 'nova', NOVA),
                            ('network', 'neutron', at('NEUTRON')), ('volumev3', 'cinderv3', at('CINDER', '/v3/%(project_id)s'))]:
        service = call('POST', KEYSTONE + '/services', admin, {'service': {'type': kind, 'name': name}})['service']['id']
        for interface in ('public', 'internal', 'admin'):
            endpoint = {'service_id': service, 'interface': interface, 'url': url, 'region_id': 'RegionOne'}
            call('POST', KEYSTONE + '/endpoints', admin, {'endpoint': endpoint})
    group = call('POST', KEYSTONE + '/groups', admin, {'group': {'name': 'fed', 'domain_id': 'default'}})['group']['id']
    for name in ('tenant', 'other'):
        call('PUT', '%s/projects/%s/groups/%s/roles/%s' % (KEYSTONE, projects[name], group, roles['member']), admin)
    federation = KEYSTONE + '/OS-FEDERATION'
    provider = {'remote_ids': ['https://aai.example/'], 'enabled': True}
    call('PUT', federation + '/identity_providers/egi.eu', admin, {'identity_provider': provider})
    rules = [{'local': [{'user': {'name': '{0}'}, 'group': {'id': group}}], 'remote': [{'type': 'HTTP_OIDC_SUB'}]}]
    call('PUT', federation + '/mappings/m1', admin, {'mapping': {'rules': rules}})
    call('PUT', federation + '/identity_providers/egi.eu/protocols/openid', admin, {'protocol': {'mapping_id': 'm1'}})
    save({'projects': projects, 'user': user_id, 'ports': {
        name.lower(): int(os.environ[name]) for name in ('KEYSTONE', 'PLACEMENT', 'GLANCE', 'NOVA', 'NEUTRON', 'CINDER')}})


def wait():
    admin = token('admin', 'adminpw', 'admin')
    for _ in range(240):
        try:
            services = requests.get(NOVA + '/os-services', headers=admin).json()['services']
            up = {service['binary'] for service in services if service['state'] == 'up'}
            has_network = requests.get(NEUTRON + '/networks', headers=admin).status_code == 200
            volumes = requests.get(at('CINDER', '/v3/os-services'), headers=admin).json()['services']
            has_volumes = any(s['binary'] == 'cinder-volume' and s['state'] == 'up' for s in volumes)
            has_hosts = requests.get(NOVA + '/os-hypervisors', headers=admin).json()['hypervisors']
            if {'nova-compute', 'nova-conductor', 'nova-scheduler'} <= up and has_network and has_volumes and has_hosts:
                return
        except (requests.ConnectionError, KeyError, ValueError):
            pass
        time.sleep(0.5)
    raise SystemExit('the services are not up')


ACCELERATOR = {'Accelerator:Type': 'GPU', 'Accelerator:Number': '1', 'Accelerator:Vendor': 'NVIDIA', 'Accelerator:Model': 'Tesla V100'}
# name, vcpus, MiB, disk GB, ephemeral GB, extra specs
FLAVORS = [
    ('m1.tiny', 1, 512, 1, 0, {}), ('m1.small', 1, 2048, 20, 0, {}), ('m1.medium', 2, 4096, 40, 0, {}), ('m1.three', 3, 4096, 40, 0, {}),
    ('m1.large', 4, 8192, 80, 10, {}), ('zero.disk', 1, 1024, 0, 0, {}), ('gpu.1', 4, 8192, 80, 0, ACCELERATOR),
    ('pci.gpu', 2, 4096, 40, 0, {'pci_passthrough:alias': 'GPU:2,FPGA:1'}), ('gpuspec', 2, 4096, 40, 0, {'hw:gpu': 'yes'}),
    ('sgx.1', 2, 4096, 40, 0, {'sgx:epc_size': '64'}),
]


def resources():
    admin, user = token('admin', 'adminpw', 'admin'), token('user', 'pass', 'tenant')
    ids = load()
    for name, cpu, ram, disk, ephemeral, extra in FLAVORS:
        body = {'flavor': {'name': name, 'vcpus': cpu, 'ram': ram, 'disk': disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral}}
        flavor = call('POST', NOVA + '/flavors', admin, body)['flavor']['id']
        if extra:
            call('POST', '%s/flavors/%s/os-extra_specs' % (NOVA, flavor), admin, {'extra_specs': extra})
    for name, properties in [('ubuntu-22.04-x86', {'os_distro': 'ubuntu', 'os_version': '22.04'}), ('debian-12', {})]:
        body = dict(properties, name=name, disk_format='qcow2', container_format='bare', visibility='public')
        image = call('POST', GLANCE + '/images', admin, body)['id']
        stream = dict(admin, **{'Content-Type': 'application/octet-stream'})
        answer = requests.put('%s/images/%s/file' % (GLANCE, image), headers=stream, data=b'x' * 1024)
        assert answer.status_code == 204, answer.text
        ids[name] = image

    def network(headers, name, cidr, more, subnet):
        made = call('POST', NEUTRON + '/networks', headers, {'network': dict(more, name=name)})['network']['id']
        body = {'subnet': dict(subnet, network_id=made, cidr=cidr, ip_version=4)}
        return made, call('POST', NEUTRON + '/subnets', headers, body)['subnet']['id']

    def external(name, cidr, physical, description):
        more = {'router:external': True, 'provider:network_type': 'flat', 'provider:physical_network': physical,
                'description': description}
        return network(admin, name, cidr, more, {'enable_dhcp': False})[0]

    def routed(name, cidr, router, external_id):
        gateway = {'network_id': external_id}
        made = call('POST', NEUTRON + '/routers', user, {'router': {'name': router, 'external_gateway_info': gateway}})['router']['id']
        net, subnet = network(user, name, cidr, {}, {})
        call('PUT', '%s/routers/%s/add_router_interface' % (NEUTRON, made), user, {'subnet_id': subnet})
        return net, made

    ids['external'] = external('public', '203.0.113.0/24', 'ext', '')
    ids['external2'] = external('public2', '198.51.100.0/24', 'ext2', 'The default way out')
    ids['private'], ids['router'] = routed('private', '192.168.77.0/24', 'pubrouter', ids['external'])
    ids['private2'], ids['router2'] = routed('private2', '192.168.78.0/24', 'pubrouter2', ids['external2'])
    # A project that the tests may fill: room for many machines.
    for name in ('tenant', 'other'):
        project = ids['projects'][name]
        call('PUT', '%s/os-quota-sets/%s' % (NOVA, project), admin, {'quota_set': {'instances': 100, 'cores': 200, 'ram': 512000}})
        quota = {'floatingip': 100, 'port': 500, 'network': 100, 'subnet': 100, 'router': 20, 'security_group': 200, 'security_group_rule': 1000}
        call('PUT', '%s/quotas/%s' % (NEUTRON, project), admin, {'quota': quota})
        call('PUT', at('CINDER', '/v3/%s/os-quota-sets/%s' % (ids['projects']['admin'], project)), admin, {'quota_set': {'volumes': 100}})
    save(ids)


def load():
    with open(LAB_FILE) as file:
        return json.load(file)


def save(ids):
    with open(LAB_FILE, 'w') as file:
        json.dump(ids, file)


{'identity': identity, 'wait': wait, 'resources': resources}[sys.argv[1]]()
