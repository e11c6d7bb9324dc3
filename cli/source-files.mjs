// Plain JavaScript, since it is read before anything that has types.
import { existsSync } from 'node:fs'

/** The module of a TypeScript file: in an installed package the JavaScript that is built beside it, since Node strips no types there. */
export function moduleOf(path, from) {
  const built = new URL(path.replace(/\.ts$/, '.js'), from)
  return existsSync(built) ? built.href : new URL(path, from).href
}
