import { usualFilters } from '../../../schemas/program.ts'
import { type EvaluationItem, indexItems } from './contamination.ts'

/** Items that texts are compared with as the critic compares rows with them. */
export const openItems = (items: readonly EvaluationItem[]) => indexItems(items, usualFilters.contaminationShare)
