import {
  buildContaminationIndex,
  type ContaminationIndex,
  type EvaluationItem,
  openContaminationIndex,
} from '../../agents/critic/checks/contamination.ts'
import { usualFilters } from '../../schemas/program.ts'

/** Nobody else sees an index that is opened here: its key hides nothing. */
export const ownKey = Buffer.alloc(32)

/** Items that texts are compared with as the critic compares rows with them. */
export const openItems = (items: readonly EvaluationItem[]): ContaminationIndex =>
  openContaminationIndex(buildContaminationIndex(items, ownKey), ownKey, { share: usualFilters.contaminationShare })
