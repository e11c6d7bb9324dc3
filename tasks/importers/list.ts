import { columnsImporter } from './columns.ts'
import { financereasoningImporter } from './financereasoning.ts'
import type { Importer } from './importer.ts'
import { livecodebenchTopImporter } from './livecodebench-top.ts'
import { reasoningGymImporter } from './reasoning-gym.ts'
import { scibenchImporter } from './scibench.ts'
import { cruxevalImporter, gsm8kImporter, svampImporter } from './small-sets.ts'

/** Sets that become a task folder, by the name a person types. */
export const importers: readonly Importer[] = [
  scibenchImporter,
  financereasoningImporter,
  livecodebenchTopImporter,
  cruxevalImporter,
  gsm8kImporter,
  svampImporter,
  reasoningGymImporter,
  columnsImporter('jsonl', 'a file of JSON Lines, or one JSON array'),
  columnsImporter('csv', 'a CSV file with a header line (commas, semicolons, tabs or bars)'),
  columnsImporter('parquet', 'a Parquet file'),
]
