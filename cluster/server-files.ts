import { posix } from 'node:path'
import { type AccountUser, accountsWith, maxPayloadBytes } from '../bus/mod.ts'
import { accountsOf, roles } from '../schemas/role.ts'
import type { Cluster } from './cluster-file.ts'
import { dialled, type Host, listening } from './hosts.ts'

/*
 * What a host's server is given. It is nats-server's own configuration and nothing else: paths are relative to the folder of these files,
 * in which the server is started.
 */

const systemAccount = 'SYS'

/** The addresses of all servers, as NATS_URL has them. */
export const serversOf = ({ hosts, ports, tls }: Cluster): string =>
  hosts.map((host) => `${tls === 'off' ? 'nats' : 'tls'}://${dialled(host)}:${ports.clients}`).join(',')

const json = JSON.stringify

/** `nats.conf` of one host. It holds no secret. */
export function natsConf(cluster: Cluster, host: Host): string {
  const { id, hosts, ports, tls, storage } = cluster
  const { others, monitor } = listening(host)
  const lines = [
    `# The NATS server of host ${host.name} in the cluster ${id}. "syllabus cluster init" wrote it; nothing of Syllabus runs in it.`,
    '# Start it in the folder of this file: nats-server -c nats.conf. Read it again after a change: nats-server --signal reload',
    `server_name: ${json(host.name)}`,
    `listen: ${json(`${others}:${ports.clients}`)}`,
    '# The address that the certificate names, in place of all that the host has.',
    `client_advertise: ${json(`${dialled(host)}:${ports.clients}`)}`,
    `http: ${json(`${monitor}:${ports.monitor}`)}`,
    `max_payload: ${maxPayloadBytes}`,
    'lame_duck_duration: "30s"',
    ...(tls === 'off' ? [] : ['tls { cert_file: "clients.pem", key_file: "clients.key", timeout: 5 }']),
    '',
    'jetstream {',
    `  store_dir: ${json(storage.folder)}`,
    `  max_file_store: ${storage.maxFileBytes}`,
    `  max_memory_store: ${storage.maxMemoryBytes}`,
    `  sync_interval: ${json(storage.sync)}`,
    '}',
    '',
    ...(hosts.length === 1 ? [] : [...routes(cluster, host), '']),
    '# Accounts and users: public keys alone.',
    `system_account: ${systemAccount}`,
    'include "users.conf"',
  ]
  return `${lines.join('\n')}\n`
}

function routes({ id, hosts, ports }: Cluster, host: Host): string[] {
  const { others } = listening(host)
  return [
    'cluster {',
    `  name: ${json(id)}`,
    `  listen: ${json(`${others}:${ports.routes}`)}`,
    `  advertise: ${json(`${dialled(host)}:${ports.routes}`)}`,
    "  # Both ends show a certificate of the cluster's own authority.",
    '  tls { cert_file: "route.pem", key_file: "route.key", ca_file: "ca.pem", verify: true, timeout: 5 }',
    '  routes: [',
    ...hosts
      .filter(({ name }) => name !== host.name)
      .map((other) => `    ${json(`nats-route://${dialled(other)}:${ports.routes}`)}`),
    '  ]',
    '}',
  ]
}

/** `users.conf`, the same on all hosts: the accounts with the users of all nodes. */
export function usersConf(cluster: Cluster): string {
  const users: AccountUser[] = cluster.nodes.flatMap((node) =>
    roles.flatMap((role) =>
      accountsOf[role].flatMap((account) => {
        const nkey = node.users[role]?.[account]
        return nkey === undefined ? [] : [{ role, account, user: { nkey } }]
      }),
    ),
  )
  const accounts = {
    ...accountsWith(users, cluster.storage.maxFileBytes * cluster.hosts.length),
    [systemAccount]: { users: [{ nkey: cluster.system }] },
  }
  const names = cluster.nodes.map(({ name, roles }) => `#   ${name}: ${roles.join(', ')}`)
  const blocks = Object.entries(accounts).map(([account, { users, ...settings }]) => {
    const lines = users.map((user) => `    ${json(user)}`)
    return [
      `  ${account} {`,
      ...Object.entries(settings).map(([key, value]) => `    ${key}: ${json(value)}`),
      '    users: [',
      ...lines,
      '    ]',
      '  }',
    ].join('\n')
  })
  return `# Nodes of the cluster ${cluster.id}:\n${names.join('\n')}\naccounts {\n${blocks.join('\n')}\n}\n`
}

/** The systemd unit of one host, for files in `folder`. */
export function unitFile({ id, storage }: Cluster, { name }: Host, folder: string): string {
  return `[Unit]
Description=NATS server ${name} of the cluster ${id}
Wants=network-online.target
After=network-online.target

[Service]
User=nats
WorkingDirectory=${folder}
ExecStart=nats-server -c nats.conf
ExecReload=/bin/kill -HUP $MAINPID
# Lame duck: clients leave one by one, then the server ends.
KillSignal=SIGUSR2
TimeoutStopSec=90
Restart=always
RestartSec=2
LimitNOFILE=65536
${storage.folder.startsWith('/var/lib/') ? `StateDirectory=${storage.folder.slice('/var/lib/'.length)}` : `ReadWritePaths=${posix.resolve(folder, storage.folder)}`}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
`
}
