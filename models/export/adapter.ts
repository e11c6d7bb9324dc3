import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Adapter } from '../../schemas/training.ts'

/** What an adapter's configuration says of its base. */
export type BaseReference = { base_model_name_or_path: string; revision: string | null }

export const configName = 'adapter_config.json'

/**
 * Writes an adapter as others load it: its weights byte by byte, and its configuration with a base that can be loaded. A training names
 * the base without this machine's folders, so that equal trainings have equal hashes.
 */
export async function putAdapter(
  trained: string,
  { files }: Adapter,
  base: BaseReference,
  staging: string,
): Promise<void> {
  for (const { name } of files) {
    if (name === configName)
      await writeFile(join(staging, name), withBase(await readFile(join(trained, name), 'utf8'), base))
    else await copyFile(join(trained, name), join(staging, name))
  }
}

/** The base that a configuration names. */
export function baseIn(config: string): BaseReference {
  const { base_model_name_or_path, revision = null } = JSON.parse(config) as BaseReference
  return { base_model_name_or_path, revision }
}

/** The same configuration with another base. All else stays byte by byte, so that the trained one can be had back. */
export function withBase(config: string, base: BaseReference): string {
  return Object.entries(base).reduce(
    (text, [name, value]) =>
      text.replace(
        new RegExp(`^(\\s*"${name}": ).*?(,?)$`, 'm'),
        (_, before, after) => `${before}${JSON.stringify(value)}${after}`,
      ),
    config,
  )
}
