import { bundleFiles } from '../manifest.ts'
import type { Check } from './check.ts'

/** Every file against the manifest, and every object against its name, which is its hash. */
export const files: Check = {
  name: 'files',
  what: 'the SHA-256 of every file',
  async run({ bundle: { files, manifest } }, ledger) {
    for (const path of new Set([...Object.keys(manifest.files), ...files.keys()])) {
      if (path !== bundleFiles.manifest) ledger.same(path, manifest.files[path] ?? null, files.get(path) ?? null)
    }
    for (const [path, { sha256 }] of files) {
      const [, named] = /^objects\/(.+)$/.exec(path) ?? []
      if (named) ledger.same(`${path}: its name`, named, sha256)
    }
  },
}
