#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real OpenStack (Keystone, Placement, Glance, Nova, Neutron, Cinder) without hypervisor on loopback, for the tests of the connector.
#
#   lab.sh start DIRECTORY     makes and starts it; everything it needs lives below DIRECTORY, which must be empty or a former lab
#   lab.sh stop DIRECTORY      ends every process that the start left
#   lab.sh problem             says what is missing on this machine; nothing when the lab can run
#
# `start` writes DIRECTORY/lab.json: the address of Keystone and the ids of what seed.py made. LAB_PORT is the first of the ten ports
# that the services listen on; without it free ones are chosen. About 2.5 GB of memory. The packages: scripts/ensure-openstack.sh.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# The interpreter of the distribution, which the packages belong to.
PYTHON=/usr/bin/python3

say() { echo "[openstack lab] $*" >&2; }
die() {
  say "error: $*"
  exit 1
}

problem() {
  local module
  for module in keystone placement glance nova neutron cinder; do
    "$PYTHON" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is None)" 2>/dev/null || {
      echo "the Python package $module is missing (scripts/ensure-openstack.sh)"
      return
    }
  done
  command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || echo "mariadbd is missing (scripts/ensure-openstack.sh)"
  rabbitmq_server >/dev/null || echo "rabbitmq-server is missing (scripts/ensure-openstack.sh)"
  compgen -G "$(paste_dir)/nova-paste.ini" >/dev/null || echo "the paste files are missing (scripts/ensure-openstack.sh)"
}

rabbitmq_server() { compgen -G '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server' | head -n 1 | grep .; }
paste_dir() { echo "${OPENSTACK_PASTE_DIR:-$HERE/../../../var/openstack/paste}"; }

# Ten ports in a row that nobody listens on.
free_ports() {
  "$PYTHON" - <<'PYTHON'
import random, socket
for _ in range(200):
    first = random.randrange(20000, 32000, 10)
    sockets = []
    try:
        for port in range(first, first + 10):
            sockets.append(socket.socket())
            sockets[-1].bind(('127.0.0.1', port))
        print(first)
        break
    except OSError:
        continue
    finally:
        for s in sockets:
            s.close()
PYTHON
}

# background NAME COMMAND...: in a session of its own, so that `stop` ends its children too.
background() {
  local name=$1
  shift
  setsid "$@" >"$LAB/log/$name.out" 2>&1 </dev/null &
  echo $! >"$LAB/run/$name.pid"
}

wait_for_port() { # PORT NAME
  local _
  for _ in $(seq 1 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    kill -0 "$(cat "$LAB/run/$2.pid")" 2>/dev/null || die "$2 ended: $(tail -n 5 "$LAB/log/$2.out")"
    sleep 0.2
  done
  die "$2 does not listen on port $1: $(tail -n 5 "$LAB/log/$2.out")"
}

program() { "$PYTHON" "$LAB/lib/programs.py" "$@"; }
database() { echo "mysql+pymysql://os:os@127.0.0.1:$MARIADB/$1"; }

service_user() {
  cat <<END
www_authenticate_uri = http://127.0.0.1:$KEYSTONE/v3
auth_url = http://127.0.0.1:$KEYSTONE/v3
auth_type = password
region_name = RegionOne
project_domain_name = Default
user_domain_name = Default
project_name = service
username = svc
password = svcpw
END
}

# What all services but Keystone have in common. $1: more lines for [keystone_authtoken].
common() {
  cat <<END
[keystone_authtoken]
${1:-}
$(service_user)
[oslo_policy]
enforce_scope = false
enforce_new_defaults = false
[oslo_concurrency]
lock_path = $LAB/lock
[oslo_messaging_notifications]
driver = noop
END
}

write_configuration() {
  local etc=$LAB/etc rabbit="rabbit://guest:guest@127.0.0.1:$RABBITMQ/"
  cat >"$etc/keystone.conf" <<END
[DEFAULT]
log_file = $LAB/log/keystone.log
[database]
connection = $(database keystone)
[token]
provider = fernet
[fernet_tokens]
key_repository = $LAB/fernet
[credential]
key_repository = $LAB/credential
[cache]
enabled = true
backend = dogpile.cache.memory
[auth]
methods = password,token,application_credential,mapped,openid
[openid]
remote_id_attribute = HTTP_OIDC_ISS
[federation]
assertion_prefix = HTTP_OIDC
[oslo_policy]
enforce_scope = false
END
  cat >"$etc/placement.conf" <<END
[DEFAULT]
log_file = $LAB/log/placement.log
[placement_database]
connection = $(database placement)
[api]
auth_strategy = keystone
$(common)
END
  cat >"$etc/glance.conf" <<END
[DEFAULT]
log_file = $LAB/log/glance.log
bind_host = 127.0.0.1
bind_port = $GLANCE
workers = 1
node_staging_uri = file://$LAB/state/staging
[database]
connection = $(database glance)
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $LAB/state/images
[paste_deploy]
flavor = keystone
config_file = $(paste_dir)/glance-paste.ini
$(common)
END
  # Port security so that tests can switch it off, tags since networks are chosen by them.
  cat >"$etc/neutron.conf" <<END
[DEFAULT]
log_file = $LAB/log/neutron.log
bind_host = 127.0.0.1
bind_port = $NEUTRON
core_plugin = ml2
service_plugins = router
transport_url = $rabbit
api_paste_config = $(paste_dir)/neutron-paste.ini
state_path = $LAB/state/neutron
auth_strategy = keystone
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
dhcp_agent_notification = false
api_workers = 1
rpc_workers = 0
l3_ha = false
[database]
connection = $(database neutron)
[ml2]
type_drivers = flat,vlan,local
tenant_network_types = vlan
mechanism_drivers = imlab
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:3000
$(common)
END
  # A compute service must not see the databases.
  cat >"$etc/nova-compute.conf" <<END
[DEFAULT]
host = labhost
my_ip = 127.0.0.1
transport_url = $rabbit
state_path = $LAB/state/nova
compute_driver = fake.FakeDriver
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $NOVA
osapi_compute_workers = 1
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
allow_resize_to_same_host = true
cpu_allocation_ratio = 64
ram_allocation_ratio = 64
disk_allocation_ratio = 64
block_device_allocate_retries_interval = 1
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $(paste_dir)/nova-paste.ini
[service_user]
send_service_user_token = true
$(service_user)
[placement]
$(service_user)
[neutron]
$(service_user)
[glance]
api_servers = http://127.0.0.1:$GLANCE
[cinder]
catalog_info = volumev3:cinderv3:publicURL
os_region_name = RegionOne
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 2
[conductor]
workers = 1
$(common)
END
  {
    cat "$etc/nova-compute.conf"
    printf '[api_database]\nconnection = %s\n[database]\nconnection = %s\n' "$(database nova_api)" "$(database nova)"
  } >"$etc/nova.conf"
  cat >"$etc/cinder.conf" <<END
[DEFAULT]
transport_url = $rabbit
osapi_volume_listen = 127.0.0.1
osapi_volume_listen_port = $CINDER
osapi_volume_workers = 1
api_paste_config = $(paste_dir)/cinder-paste.ini
auth_strategy = keystone
state_path = $LAB/state/cinder
glance_api_servers = http://127.0.0.1:$GLANCE
enabled_backends = fake
host = labcinder
my_ip = 127.0.0.1
[fake]
volume_backend_name = fake
volume_driver = fake_volumes.Driver
[database]
connection = $(database cinder)
$(common 'service_token_roles = service,admin')
END
}

start_mariadb() {
  cat >"$LAB/etc/my.cnf" <<END
[mysqld]
datadir=$LAB/mariadb/data
socket=$LAB/mariadb/socket
pid-file=$LAB/mariadb/pid
bind-address=127.0.0.1
port=$MARIADB
user=$(id -un)
skip-name-resolve
skip-log-bin
max_connections=500
innodb_flush_log_at_trx_commit=0
innodb_doublewrite=0
innodb_buffer_pool_size=256M
character-set-server=utf8
collation-server=utf8_general_ci
END
  if [ "$IS_NEW" = 1 ]; then
    mariadb-install-db --defaults-file="$LAB/etc/my.cnf" --auth-root-authentication-method=normal --skip-test-db >"$LAB/log/mariadb-install.log" 2>&1
  fi
  background mariadb mariadbd --defaults-file="$LAB/etc/my.cnf"
}

start_rabbitmq() {
  printf 'listeners.tcp.1 = 127.0.0.1:%s\nvm_memory_high_watermark.absolute = 512MB\n' "$RABBITMQ" >"$LAB/rabbitmq/rabbitmq.conf"
  HOME=$LAB/rabbitmq RABBITMQ_NODENAME=lab$KEYSTONE@localhost RABBITMQ_CONFIG_FILE=$LAB/rabbitmq/rabbitmq.conf \
    RABBITMQ_MNESIA_BASE=$LAB/rabbitmq/mnesia RABBITMQ_LOG_BASE=$LAB/rabbitmq/log RABBITMQ_ENABLED_PLUGINS_FILE=$LAB/rabbitmq/plugins \
    RABBITMQ_DIST_PORT=$RABBITMQ_DIST ERL_EPMD_PORT=$EPMD ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 1:1' \
    background rabbitmq "$(rabbitmq_server)"
}

# schema NAME COMMAND...: the tables of one service; several services at once.
schema() {
  local name=$1
  shift
  "$@" >"$LAB/log/schema-$name.log" 2>&1 || die "the tables of $name: $(tail -n 5 "$LAB/log/schema-$name.log")"
}

keystone_schema() {
  local keystone=(keystone-manage --config-file "$LAB/etc/keystone.conf") url=http://127.0.0.1:$KEYSTONE/v3
  "${keystone[@]}" db_sync
  "${keystone[@]}" fernet_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)"
  "${keystone[@]}" credential_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)"
  "${keystone[@]}" bootstrap --bootstrap-password adminpw --bootstrap-region-id RegionOne \
    --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url"
}

nova_schema() {
  local nova=(program nova-manage --config-file "$LAB/etc/nova.conf")
  "${nova[@]}" api_db sync
  "${nova[@]}" cell_v2 map_cell0 --database_connection "$(database nova_cell0)"
  "${nova[@]}" db sync
  "${nova[@]}" cell_v2 create_cell --name=cell1
}

make_schemas() {
  local name pids=() pid
  for name in keystone placement glance nova_api nova nova_cell0 neutron cinder; do
    mariadb -uroot -S "$LAB/mariadb/socket" -e "create database $name; grant all on $name.* to 'os'@'%' identified by 'os'"
  done
  schema neutron program neutron-db-manage --config-file "$LAB/etc/neutron.conf" upgrade heads & pids+=($!)
  { schema keystone keystone_schema && schema placement placement-manage --config-file "$LAB/etc/placement.conf" db sync &&
    schema glance program glance-manage --config-file "$LAB/etc/glance.conf" db_sync; } & pids+=($!)
  { schema nova nova_schema && schema cinder program cinder-manage --config-file "$LAB/etc/cinder.conf" db sync; } & pids+=($!)
  for pid in "${pids[@]}"; do wait "$pid" || die "a database schema could not be made"; done
}

install_library() {
  cp "$HERE"/*.py "$LAB/lib/"
  # Neutron finds its drivers through the metadata of installed packages.
  mkdir -p "$LAB/lib/imlab-0.1.dist-info"
  printf 'Metadata-Version: 2.1\nName: imlab\nVersion: 0.1\n' >"$LAB/lib/imlab-0.1.dist-info/METADATA"
  printf '[neutron.ml2.mechanism_drivers]\nimlab = fake_binding:FakeBinding\n' >"$LAB/lib/imlab-0.1.dist-info/entry_points.txt"
}

start() {
  local missing first name started=$SECONDS
  missing=$(problem)
  [ -z "$missing" ] || die "$missing"
  first=${LAB_PORT:-$(cat "$LAB/port" 2>/dev/null || free_ports)}
  [ -n "$first" ] || die "there are no ten free ports in a row"
  mkdir -p "$LAB"/{etc,log,run,lock,fernet,credential,rabbitmq,mariadb,lib} "$LAB"/state/{staging,images,neutron,nova/instances,cinder}
  # Services run with the rights of whoever started them; RabbitMQ's start script is the exception and changes to its own user.
  chmod 0755 "$LAB" && chmod 0777 "$LAB"/log "$LAB"/rabbitmq
  echo "$first" >"$LAB/port"
  KEYSTONE=$first PLACEMENT=$((first + 1)) GLANCE=$((first + 2)) NOVA=$((first + 3)) NEUTRON=$((first + 4)) CINDER=$((first + 5))
  MARIADB=$((first + 6)) RABBITMQ=$((first + 7)) RABBITMQ_DIST=$((first + 8)) EPMD=$((first + 9))
  export LAB KEYSTONE PLACEMENT GLANCE NOVA NEUTRON CINDER
  IS_NEW=0
  [ -d "$LAB/mariadb/data" ] || IS_NEW=1
  install_library
  export PYTHONPATH=$LAB/lib PYTHONDONTWRITEBYTECODE=1
  start_rabbitmq
  start_mariadb
  write_configuration
  wait_for_port "$MARIADB" mariadb
  if [ "$IS_NEW" = 1 ]; then
    say "making the database schemas"
    make_schemas
  fi
  OS_KEYSTONE_CONFIG_DIR=$LAB/etc OS_KEYSTONE_CONFIG_FILES=keystone.conf background keystone "$PYTHON" "$LAB/lib/programs.py" wsgi keystone_front:application "$KEYSTONE"
  OS_PLACEMENT_CONFIG_DIR=$LAB/etc background placement "$PYTHON" "$LAB/lib/programs.py" wsgi placement.wsgi:init_application "$PLACEMENT"
  wait_for_port "$KEYSTONE" keystone
  wait_for_port "$RABBITMQ" rabbitmq
  [ "$IS_NEW" = 0 ] || "$PYTHON" "$LAB/lib/seed.py" identity
  background glance "$PYTHON" "$LAB/lib/programs.py" glance-api --config-file "$LAB/etc/glance.conf"
  background neutron "$PYTHON" "$LAB/lib/programs.py" neutron-server --config-file "$LAB/etc/neutron.conf"
  for name in api conductor scheduler; do
    background "nova-$name" "$PYTHON" "$LAB/lib/programs.py" "nova-$name" --config-file "$LAB/etc/nova.conf" --log-file "$LAB/log/nova-$name.log"
  done
  background nova-compute "$PYTHON" "$LAB/lib/programs.py" nova-compute --config-file "$LAB/etc/nova-compute.conf" --log-file "$LAB/log/nova-compute.log"
  for name in api scheduler volume; do
    background "cinder-$name" "$PYTHON" "$LAB/lib/programs.py" "cinder-$name" --config-file "$LAB/etc/cinder.conf" --log-file "$LAB/log/cinder-$name.log"
  done
  wait_for_port "$PLACEMENT" placement
  wait_for_port "$GLANCE" glance
  wait_for_port "$NEUTRON" neutron
  wait_for_port "$NOVA" nova-api
  wait_for_port "$CINDER" cinder-api
  "$PYTHON" "$LAB/lib/seed.py" wait
  [ "$IS_NEW" = 0 ] || "$PYTHON" "$LAB/lib/seed.py" resources
  say "ready after $((SECONDS - started)) s: Keystone at http://127.0.0.1:$KEYSTONE"
}

stop() {
  local file pid
  for file in "$LAB"/run/*.pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    kill -TERM -- "-$pid" 2>/dev/null || true
  done
  for _ in $(seq 1 50); do
    local alive=0
    for file in "$LAB"/run/*.pid; do
      [ -f "$file" ] && kill -0 -- "-$(cat "$file")" 2>/dev/null && alive=1
    done
    [ $alive = 1 ] || break
    sleep 0.1
  done
  for file in "$LAB"/run/*.pid; do
    [ -f "$file" ] || continue
    kill -KILL -- "-$(cat "$file")" 2>/dev/null || true
    rm -f "$file"
  done
  # Erlang's port mapper goes its own way; this one is ours, on a port of its own.
  [ ! -f "$LAB/port" ] || ERL_EPMD_PORT=$(($(cat "$LAB/port") + 9)) epmd -kill >/dev/null 2>&1 || true
}

case ${1:-} in
  start | stop)
    [ -n "${2:-}" ] || die "which directory?"
    mkdir -p "$2"
    LAB=$(cd "$2" && pwd)
    "$1"
    ;;
  problem) problem | head -n 1 ;;
  *) sed -n '3,10s/^# \{0,1\}//p' "$0" ;;
esac
