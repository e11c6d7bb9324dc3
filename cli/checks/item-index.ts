import { type EvaluationItem, indexItems } from '../../agents/critic/checks/contamination.ts'
import { usualFilters } from '../../schemas/program.ts'

/** Items that texts are compared with as the critic compares rows with them. */
export const openItems = (items: readonly EvaluationItem[]) => indexItems(items, usualFilters.contaminationShare)
