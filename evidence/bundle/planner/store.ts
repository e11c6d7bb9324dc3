import type { Store } from '../../../agents/planner/store.ts'
import { canonicalJson, sha256 } from '../../../schemas/hash.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import { Row } from '../../../schemas/row.ts'
import { PublicTask } from '../../../schemas/task.ts'
import { bundleFiles } from '../manifest.ts'
import type { Bundle } from '../read.ts'

/** The blobs of a bundle as a planner reads them; what it puts is named and not kept: what is right lies in the bundle already. */
export function bundleStore(bundle: Bundle, runId: string): Store {
  const put = (name: string, text: string): ObjectRef => ({
    account: 'LAB',
    name: `${runId}/${name}`,
    sha256: sha256(text),
    bytes: Buffer.byteLength(text),
  })
  return {
    task: ({ sha256 }) => bundle.json(bundleFiles.object(sha256), PublicTask),
    getRows: (ref) => bundle.rowsOf(ref, Row),
    putProgram: async (program) => put('program', canonicalJson(program)),
    putRows: async (rows) => put('rows', rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  }
}
