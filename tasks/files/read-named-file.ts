import { UsageError } from '../../schemas/user-error.ts'
import { parseYaml } from './bounded-yaml.ts'
import { FileRefused, maxTextBytes, readRegular, utf8TextOf } from './regular-file.ts'

/**
 * The text of a file that a command line names. `what` says what it should be, with its article: "the recipe".
 * @throws UsageError when it is not there, is no regular file, is too large, or is no text; `missing` says what to name then
 */
export async function readNamedFile(
  path: string,
  what: string,
  missing: string,
  maxBytes = maxTextBytes,
): Promise<string> {
  try {
    return utf8TextOf(await readRegular(path, maxBytes), path)
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    if (error.isMissing) throw new UsageError(`There is no ${what} ${path}.`, missing)
    throw new UsageError(`The ${what} ${path} is not read: ${error.what}.`, error.fix)
  }
}

/**
 * What a YAML text holds.
 * @throws UsageError that names the file and the place in it
 */
export function readYamlText(text: string, path: string, what: string, form = 'not YAML'): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new UsageError(`The ${what} ${path} is ${form}: ${(error as Error).message}`, 'Fix that line.')
  }
}
