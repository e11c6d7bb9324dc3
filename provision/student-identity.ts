import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256OfFile } from './pinned-files.ts'

const settings = new RegExp(
  '^((config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\\.json' +
    '|(vocab|merges)\\.txt|.*\\.(model|tiktoken|jinja|py))$',
)
const weights = [/^.*\.safetensors(\.index\.json)?$/, /^(pytorch_model.*\.bin|pytorch_model\.bin\.index\.json)$/]

/** Names of the files of a folder that say what a student is: weights, tokenizer, configuration, chat template. Sorted. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  // Where there are both forms of weights, transformers reads these.
  const read = weights.find((form) => names.some((name) => form.test(name)))
  return names.filter((name) => settings.test(name) || read?.test(name)).sort()
}

/**
 * Identity of a student: over the files that make it what it is, in name order, each name, a zero byte and its SHA-256. The same model has
 * the same one in any folder, with or without a README.
 */
export async function identityOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await filesOf(folder)) hash.update(`${name}\0${await sha256OfFile(join(folder, name))}`)
  return hash.digest('hex')
}

/** What can be said of a student without reading its weights: that a folder has not changed since it was last looked at. */
export async function fingerprintOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await filesOf(folder)) {
    const { size, mtimeMs } = await stat(join(folder, name))
    hash.update(`${name}\0${size}\0${mtimeMs}\0`)
  }
  return hash.digest('hex')
}
