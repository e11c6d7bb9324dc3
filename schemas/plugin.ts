import { z } from 'zod'
import { Sha256, Token } from './ids.ts'
import { AgentRole } from './role.ts'

/** The version of the protocol between launcher and plug-in, and of what plug-ins are given and give back. */
export const pluginSchemaVersion = 1

/** How a search goes on with a planner. */
export const PlannerSearch = z.strictObject({
  draftsOnly: z.boolean().optional().describe('it improves on nothing: after a score it drafts again'),
  oneShot: z.boolean().optional().describe('the search ends with its first valid attempt'),
  maxAttempts: z.number().int().positive().optional().describe('more attempts than these are never made'),
})
export type PlannerSearch = z.infer<typeof PlannerSearch>

/** What a plug-in says of itself. What follows from it stays within its role. */
export const Declaration = z.object({
  schemaVersion: z.literal(pluginSchemaVersion).describe('the version of the protocol that it was written for'),
  role: AgentRole.describe('the only role that it can have'),
  name: Token.max(32).describe('the variant in messages, presence and reports; no built-in variant has it'),
  version: z
    .string()
    .regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$/, 'a version, such as 1.0.0')
    .describe("the author's own, such as 1.0.0"),
  asksModel: z
    .boolean()
    .default(false)
    .describe("whether it asks a language model: only then is it given a model, an endpoint's key and calls"),
  sources: z
    .array(z.enum(['procedure', 'prompt']))
    .min(1)
    .optional()
    .describe('of a generator: the kinds of sources that it follows'),
  search: PlannerSearch.optional().describe('of a planner: how the search goes on with it'),
})
export type Declaration = z.infer<typeof Declaration>

/** A plug-in of a run: what it declares, how it was named, and which code it is. */
export const Plugin = Declaration.extend({
  reference: z.string().describe('as the topology names it'),
  language: z.enum(['typescript', 'python', 'external']),
  /** Of its files; of an external one, whose files are not here, of what it declares. */
  hash: Sha256,
  /** `name@version` of the package that it is from. */
  package: z.string().optional(),
})
export type Plugin = z.infer<typeof Plugin>

/** A plug-in where it can be started: the file or module, and what it may read. */
export const LocalPlugin = Plugin.extend({
  entry: z.string(),
  /** Files of its code, which are hashed, and folders of packages that it imports. */
  reads: z.array(z.string()),
  /** It may read and write what its user may, and start processes. */
  trusted: z.boolean(),
})
export type LocalPlugin = z.infer<typeof LocalPlugin>

/** A plug-in as a person reads it. */
export const describePlugin = ({ name, version, reference }: Pick<Plugin, 'name' | 'version' | 'reference'>): string =>
  `${name} ${version} (${reference})`
