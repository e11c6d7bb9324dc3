import type { SeedImporter } from './import-seeds.ts'
import { livecodebenchCodeImporter, sciinstructImporter, tacoImporter } from './seed-sets.ts'

export type { ImportPlan } from './import-plan.ts'
export { importSeeds, type SeedImporter } from './import-seeds.ts'
export { type ImportResult, importTask } from './import-task.ts'
export type { Importer } from './importer.ts'
export { importers } from './list.ts'

/** Sets that become a seed file: questions without answers. */
export const seedImporters: readonly SeedImporter[] = [sciinstructImporter, tacoImporter, livecodebenchCodeImporter]
