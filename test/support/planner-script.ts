import type { Asked, ModelReply } from './planner-server.ts'

type Script = { skills: readonly string[]; weak: string; kind: 'procedure' | 'prompt' }

/** What a competent model would say: a plan when asked for one, else a program that keeps what is good and favours a weak skill. */
export function competentModel({ skills, weak, kind }: Script): (asked: Asked) => ModelReply {
  return ({ messages }) => {
    const last = messages.at(-1)!.content
    if (last.includes('"diagnosis"'))
      return JSON.stringify({ diagnosis: `${weak} is weak.`, plan: `More rows of ${weak}.` })
    const printed = messages.map(({ content }) => content).join('\n')
    const rows = Number(/add up to (\d+)/.exec(printed)?.[1])
    const keepable = Number(/rows to keep: [\d, ]*?(\d+)\./.exec(printed)?.[1])
    const operation = /operation now is: (\w+)/.exec(messages[1]!.content)?.[1]
    const share = Math.floor(rows / (operation === 'repair' ? 30 : operation === 'improve' ? 60 : Infinity))
    const kept = Object.fromEntries(skills.map((skill) => [skill, share]))
    const fresh = rows - share * skills.length
    const heavy = operation === 'improve' ? Math.floor(fresh / 7) : 0
    const each = Math.floor((fresh - heavy) / skills.length)
    const spare = fresh - heavy - each * skills.length
    const sources = skills.map((skill, index) => ({
      id: skill,
      kind,
      skill,
      rows: each + (skill === weak ? heavy : 0) + (index === 0 ? spare : 0),
      ...(kind === 'procedure'
        ? { phrasings: 5, wideShare: 0.5, difficulty: [1, 1, 1] }
        : {
            mode: 'scratch',
            template: 'Write problem {{index}} of the kind {{skill}}, about {{place}}.',
            parameters: { place: ['a shop', 'a farm'] },
          }),
    }))
    return JSON.stringify({
      version: 1,
      sources,
      contract: { maxInputChars: 1000, maxOutputChars: 1000 },
      filters: { nearDuplicateJaccard: 0.8, contaminationShare: 0.6 },
      verification: kind === 'procedure' ? 'execute' : 'none',
      carryOver: share > 0 ? { attempt: keepable, rows: kept } : null,
    })
  }
}
