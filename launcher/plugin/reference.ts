import { statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'

/** How a topology names code that is not built in. */
export type VariantReference =
  | { language: 'typescript'; file: string }
  | { language: 'typescript'; specifier: string }
  | { language: 'python'; file: string }
  | { language: 'python'; module: string }
  | { language: 'external'; name: string }

/** Whether a variant is no name of a built-in one. */
export const isReference = (variant: string): boolean =>
  /^(\.|\/|@|python:|external(:|$))/.test(variant) || variant.includes('/') || /\.[cm]?[jt]s$/.test(variant)

/** What a variant refers to. `base`: the folder that relative paths start from. */
export function referenceOf(variant: string, base: string): VariantReference {
  const [, external] = /^external:?(.*)$/.exec(variant) ?? []
  if (external !== undefined) return { language: 'external', name: external }
  const [, python] = /^python:(.*)$/.exec(variant) ?? []
  if (python !== undefined)
    return isPath(python) || python.endsWith('.py')
      ? { language: 'python', file: resolve(base, python) }
      : { language: 'python', module: python }
  return isPath(variant) || isFile(resolve(base, variant))
    ? { language: 'typescript', file: resolve(base, variant) }
    : { language: 'typescript', specifier: variant }
}

const isPath = (text: string) => text.startsWith('.') || isAbsolute(text)
export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
