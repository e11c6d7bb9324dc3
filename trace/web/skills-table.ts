import { numberText, plural } from '../../schemas/number-text.ts'
import { createCard } from './card.ts'
import { h } from './dom.ts'
import { inReadingOrder, modeOf, type RunState, type StudentModelState } from './run-state.ts'

const short = (name: string) => (name === 'base-examples' ? 'base + ex.' : name.replace('attempt-', '#'))

/** What each attempt's dataset holds of each skill, and how well the student then does on it. */
export function createSkillsTable() {
  const card = createCard('Skills', { wide: true, hint: 'comes with the first report' })

  function draw(state: RunState) {
    const studentModels = new Map<string, StudentModelState | null>(
      inReadingOrder(state).map((studentModel) => [studentModel.name, studentModel]),
    )
    for (const number of state.attempts.keys())
      if (number > 0) studentModels.set(`attempt-${number}`, studentModels.get(`attempt-${number}`) ?? null)
    const columns = [...studentModels]
    const skills = [
      ...new Set([
        ...columns.flatMap(([, studentModel]) => Object.keys(studentModel?.sheet?.bySkill ?? {})),
        ...[...state.attempts.values()].flatMap((attempt) => [...attempt.mix.keys()]),
      ]),
    ].sort()
    if (skills.length === 0) return card.show(null)

    function cell(skill: string, name: string, studentModel: StudentModelState | null) {
      const tally = studentModel?.sheet?.bySkill[skill]?.[modeOf(state)]
      const number = Number(/^attempt-(\d+)$/.exec(name)?.[1] ?? Number.NaN)
      const chosen = name === 'final' ? state.finished?.chosenAttempt : number
      const rows = state.attempts.get(chosen ?? Number.NaN)?.mix.get(skill)
      const rowsText = rows === undefined ? '' : `${numberText(rows)} ${plural(rows, 'row')}`
      if (!tally?.total) return h('td.none', h('b', rows === undefined ? '' : '·'), h('small', rowsText))
      const share = tally.correct / tally.total
      const td = h(
        'td',
        { title: `${name}: ${tally.correct} of ${tally.total} right${rowsText ? `, ${rowsText}` : ''}` },
        h('b', `${Math.round(share * 100)} %`),
        h('small', rowsText || `${tally.correct}/${tally.total}`),
      )
      td.style.setProperty('--share', String(share))
      return td
    }
    const head = h(
      'tr',
      h('th'),
      columns.map(([name]) => h('th', { scope: 'col', title: name }, short(name))),
    )
    const body = skills.map((skill) =>
      h(
        'tr',
        h('th', { scope: 'row', title: skill }, skill),
        columns.map(([name, studentModel]) => cell(skill, name, studentModel)),
      ),
    )
    card.show(
      [h('div.scroll', h('table.skills', h('thead', head), h('tbody', body)))],
      'right on validation, and rows in the mix',
    )
  }
  return { element: card.element, draw }
}
