import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/nats.ts'
import { generateThrough } from './stage.ts'

const nodes = [0, 1, 2]

/**
 * A backup as docs/cluster.md describes it: all servers are stopped in mid-run, their files are copied, lost, and copied back. Then the
 * same `generate` goes on.
 */
export async function restoredFromFiles(rows: number): Promise<{ calls: number; twice: number; isSame: boolean }> {
  const backup = await mkdtemp(join(tmpdir(), 'syllabus-backup-'))
  try {
    const undisturbed = await generateThrough({ name: 'undisturbed', disturb: async () => {} }, { rows })
    const restored = await generateThrough(
      {
        name: 'restored',
        async disturb({ cluster, goesOn }) {
          for (const node of nodes) cluster.signal(node, 'SIGTERM')
          for (const node of nodes) {
            await cluster.ended(node)
            await cp(cluster.storeOf(node), join(backup, `n${node}`), { recursive: true })
            await rm(cluster.storeOf(node), { recursive: true })
            await cp(join(backup, `n${node}`), cluster.storeOf(node), { recursive: true })
          }
          await Promise.all(nodes.map((node) => cluster.start(node)))
          await until('the cluster is there', () => cluster.inSync().then(() => true), 120_000)
          await goesOn()
        },
      },
      { rows },
    )
    const isSame = restored.exitCode === 0 && restored.datasetHash === undisturbed.datasetHash
    return { calls: restored.calls, twice: restored.twice, isSame }
  } finally {
    await rm(backup, { recursive: true, force: true })
  }
}
