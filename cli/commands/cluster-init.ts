import { type Command, Option } from 'commander'
import { adminNode, type Cluster, tlsModes } from '../../cluster/cluster-file.ts'
import { initCluster } from '../../cluster/init.ts'
import { serversOf } from '../../cluster/server-files.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { byteCount, collected, copies, integer, natsDuration } from '../options/option-parsers.ts'

type Options = {
  out: string
  host: string[]
  name?: string
  copies?: Cluster['copies']
  tls: Cluster['tls']
  certificates?: string
  ca?: string
  port: number
  routePort: number
  monitorPort: number
  store: string
  maxFile: number
  maxMemory: number
  sync: string
  configFolder: string
  json: boolean
}

const port = integer(1, 65_535)

export function registerClusterInit(cluster: Command): void {
  cluster
    .command('init')
    .description('write the files of a new cluster: what nats-server on each host needs, and nothing of Syllabus')
    .requiredOption('--out <dir>', 'the new folder; it holds secrets: keep it, and keep it to yourself')
    .requiredOption('--host <name=address,…>', 'a host and how the others reach it; once for each', collected)
    .option('--name <name>', 'of the cluster (default: that of the folder)')
    .option('--copies <1|3|5>', 'how many servers hold everything (default: 3 with three hosts, else 1)', copies)
    .addOption(
      new Option('--tls <mode>', 'what clients are shown: certificates of an own authority, files of yours, none')
        .choices(tlsModes)
        .default('own'),
    )
    .option('--certificates <dir>', 'with --tls files: HOST.pem and HOST.key of each host')
    .option('--ca <file>', 'with --tls files: the authority that signed them, where systems do not know it')
    .option('--port <n>', 'for clients', port, 4222)
    .option('--route-port <n>', 'for the other servers', port, 6222)
    .option('--monitor-port <n>', "for the host's own monitoring, on its loopback interface", port, 8222)
    .option('--store <dir>', 'where the server keeps what is stored, on each host', '/var/lib/syllabus-nats')
    .option('--max-file <size>', 'most that a server stores on its disk', byteCount, 64 * 1024 ** 3)
    .option('--max-memory <size>', 'most that a server stores in memory; Syllabus needs none', byteCount, 0)
    .option('--sync <duration>', 'how often a server syncs its files to the disk, or: always', natsDuration, '10s')
    .option('--config-folder <dir>', 'where the files lie on each host', '/etc/syllabus-nats')
    .option('--json', 'JSON instead of text', false)
    .action(async ({ host, ca, port, routePort, monitorPort, ...options }: Options) => {
      const { store, maxFile, maxMemory, sync, json, out } = options
      const made = await initCluster({
        ...options,
        hosts: host,
        ...(ca !== undefined && { authority: ca }),
        ports: { clients: port, routes: routePort, monitor: monitorPort },
        storage: { folder: store, maxFileBytes: maxFile, maxMemoryBytes: maxMemory, sync },
      })
      if (json) return console.log(printableJson({ out, ...made }))
      console.log(printable(`Cluster ${made.id} (${serversOf(made)}), ${made.copies} copies of everything.`))
      for (const { name, addresses } of made.hosts)
        console.log(printable(`  ${out}/hosts/${name} -> ${addresses[0]}:${options.configFolder}`))
      console.log(
        printable(
          `Start each with its nats-server.service, or there with "nats-server -c nats.conf". Then: npx syllabus cluster check ${out}\n` +
            `Your own join file: SYLLABUS_CREDENTIALS=${out}/${adminNode}.node.json. Other hosts: npx syllabus cluster node ${out} --help`,
        ),
      )
    })
}
