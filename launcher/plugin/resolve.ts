import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { packageFolders } from '../../agents/sdk/code-process.ts'
import { isObject } from '../../schemas/bounded-json.ts'
import { Declaration, type LocalPlugin, pluginSchemaVersion } from '../../schemas/plugin.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { PluginLimits } from '../../schemas/session-limits.ts'
import { isBuiltIn } from '../../schemas/variants.ts'
import { codeFiles, hashOfFiles } from './code-files.ts'
import { declarationOf } from './declare.ts'
import { pythonDeclarationOf } from './python.ts'
import { isFile, isReference, referenceOf } from './reference.ts'
import { type PluginPlace, unusable } from './unusable.ts'

/** Roles whose variants may be plug-ins. The trainer-bridge's are runtimes. */
const pluginRoles: readonly AgentRole[] = ['planner', 'generator', 'critic']

/**
 * What a topology file holds, with the name that each plug-in declares in place of its path, and all that is known of it. Nothing is
 * known to be right that is not about plug-ins.
 * @throws UsageError for one that cannot be used
 */
export async function withPlugins(written: unknown, file: string): Promise<unknown> {
  if (!isObject(written) || !isObject(written.agents)) return written
  const limits = PluginLimits.safeParse(written.plugins ?? {}).data ?? PluginLimits.parse({})
  const agents: Record<string, unknown> = { ...written.agents }
  for (const role of agentRoles) {
    const { [role]: spec } = agents
    if (isObject(spec) && spec.plugin !== undefined)
      throw unusable(
        { role, variant: String(spec.variant), file },
        `what it is cannot be written: agents.${role}.plugin`,
        'Leave that field out: it is found out from the code.',
      )
  }
  const entries = agentRoles.flatMap((role) => {
    const spec = agents[role]
    return isObject(spec) && typeof spec.variant === 'string' && isReference(spec.variant)
      ? [{ role, spec, variant: spec.variant }]
      : []
  })
  const resolved = await Promise.all(
    entries.map(async ({ role, spec, variant }) => {
      const plugin = await resolvePlugin({ role, variant, file }, spec, limits)
      agents[role] = { ...spec, variant: plugin.name, plugin }
      return { role, variant, plugin }
    }),
  )
  for (const [at, { role, variant, plugin }] of resolved.entries()) {
    const twin = resolved
      .slice(0, at)
      .find(({ plugin: { name, hash } }) => name === plugin.name && hash !== plugin.hash)
    if (twin)
      throw unusable(
        { role, variant, file },
        `the ${twin.role} ${twin.variant} has the name "${plugin.name}" too, and other code`,
        'Give one of them another name in its definition: reports and rows name a plug-in by it.',
      )
  }
  return { ...written, agents }
}

/**
 * The plug-in that a variant names: its code found, hashed, and asked what it is.
 * @throws UsageError
 */
export async function resolvePlugin(
  place: PluginPlace,
  { trusted = false, reads = [] }: { trusted?: unknown; reads?: unknown },
  limits: PluginLimits,
): Promise<LocalPlugin> {
  const { role, variant, file } = place
  if (!pluginRoles.includes(role))
    throw unusable(place, `a ${role} cannot be one`, `Roles that can: ${pluginRoles.join(', ')}. See docs/agents.md.`)
  const base = dirname(resolve(file))
  const { entry, language, packageName } = locate(place, base)
  const files = isFile(entry) ? codeFiles(entry, language) : []
  const hash = hashOfFiles(entry, files, packageName ?? (files.length > 0 ? '' : entry))
  const also = z.array(z.string()).safeParse(reads).data ?? []
  const code = {
    language,
    entry,
    trusted: trusted === true,
    reads: [
      ...new Set([
        ...files,
        ...(language === 'typescript' ? packageFolders(dirname(entry)) : []),
        ...also.map((path) => resolve(base, path)),
      ]),
    ],
  }
  const declaration = checked(
    place,
    await (language === 'python' ? pythonDeclarationOf(place, code, limits) : declarationOf(place, code, limits)),
  )
  return {
    ...declaration,
    ...code,
    reference: variant,
    hash,
    ...(packageName !== undefined && { package: packageName }),
  }
}

/** Where the code of a variant lies. */
function locate(
  place: PluginPlace,
  base: string,
): { entry: string; language: 'typescript' | 'python'; packageName?: string } {
  const reference = referenceOf(place.variant, base)
  if (reference.language === 'external') throw unusable(place, 'external agents cannot be awaited yet', 'Name a file.')
  if (reference.language === 'python') {
    if ('file' in reference && !isFile(reference.file))
      throw unusable(place, `there is no file ${reference.file}`, writePath)
    return { entry: 'file' in reference ? realpathSync(reference.file) : reference.module, language: 'python' }
  }
  if ('file' in reference) {
    const { file } = reference
    if (!isFile(file)) throw unusable(place, `there is no file ${file}`, writePath)
    if (!/^\.[cm]?[jt]s$/.test(extname(file)))
      throw unusable(
        place,
        `${file} is neither TypeScript nor JavaScript`,
        'Name a file that ends in .ts, .mts, .js or .mjs.',
      )
    return { entry: realpathSync(file), language: 'typescript' }
  }
  const { specifier } = reference
  const found = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', 'process.stdout.write(import.meta.resolve(process.argv[1]))', specifier],
    { cwd: base, encoding: 'utf8', env: { PATH: process.env.PATH } },
  )
  if (found.status !== 0 || !found.stdout.startsWith('file:') || !isFile(fileURLToPath(found.stdout)))
    throw unusable(
      place,
      `no package that is installed at ${base} exports it`,
      `Install it there: npm install ${packageOf(specifier)}; or write ./${specifier} for a file.`,
    )
  const entry = realpathSync(fileURLToPath(found.stdout))
  return { entry, language: 'typescript', packageName: packageVersion(entry, packageOf(specifier)) }
}

const writePath = 'Write a path from the folder of the topology file, or an absolute one.'

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function packageVersion(entry: string, name: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const file = resolve(folder, 'package.json')
    if (!isFile(file)) continue
    const { name: found, version } = createRequire(file)(file) as { name?: string; version?: string }
    if (found === name) return `${name}@${version ?? '0.0.0'}`
  }
  return name
}

/** A declaration that fits where it is used. */
function checked(place: PluginPlace, declared: unknown): Declaration {
  const { role } = place
  const { schemaVersion } = isObject(declared) ? declared : {}
  if (schemaVersion !== pluginSchemaVersion)
    throw unusable(
      place,
      `it was written for schema version ${JSON.stringify(schemaVersion) ?? 'undefined'}, and this Syllabus has ${pluginSchemaVersion}`,
      Number(schemaVersion) > pluginSchemaVersion
        ? 'Update Syllabus: npm install -g @syllabus-lab/syllabus.'
        : `Write it for this version, with schemaVersion: ${pluginSchemaVersion} in its definition.`,
    )
  const { data, error } = Declaration.safeParse(declared)
  if (!data) {
    const { path, message } = error.issues[0]!
    throw unusable(place, `its ${path.join('.')} does not hold: ${message}`, 'Correct it in the definition.')
  }
  if (data.role !== role)
    throw unusable(
      place,
      `it defines a ${data.role}, not a ${role}`,
      `Name it under agents.${data.role}, or name a ${role} here.`,
    )
  if (isBuiltIn(role, data.name))
    throw unusable(place, `"${data.name}" is the name of a built-in ${role}`, 'Give it another name in its definition.')
  return data
}
