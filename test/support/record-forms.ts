/** Records in the forms of public sets, two of each, and what the second one is read as. The texts are made up. */
export type FormCase = {
  name: string
  records: readonly Record<string, unknown>[]
  /** Parts that instruction and question together have to hold. */
  holds?: readonly string[]
  lacks?: readonly string[]
  golds?: readonly string[]
  scorer?: string
  /** Why the second record, or the whole file, is not read. */
  refused?: RegExp
  unused?: readonly string[]
}

const four = (at: number) => [`leaf ${at}`, `root ${at}`, `seed ${at}`, `stem ${at}`]
const lettered = (at: number) => four(at).map((text, place) => `${'ABCD'[place]}. ${text}`)
const two = (make: (at: number) => Record<string, unknown>) => [make(0), make(1)]
const ask = (at: number) => `Which part is it in case ${at}?`
const choice = (
  name: string,
  make: (at: number) => Record<string, unknown>,
  letter = 'B',
  more: Partial<FormCase> = {},
): FormCase => ({
  name,
  records: two(make),
  holds: lettered(1),
  golds: [letter],
  scorer: 'choice',
  ...more,
})

export const formCases: readonly FormCase[] = [
  {
    name: 'alpaca',
    records: two((at) => ({ instruction: `Name colour ${at}.`, input: `plant ${at}`, output: `red ${at}` })),
    holds: ['Name colour 1.', 'plant 1'],
    golds: ['red 1'],
  },
  {
    name: 'alpaca with one instruction',
    records: two((at) => ({ instruction: 'Name the colour.', input: `plant ${at}`, output: `red ${at}` })),
    holds: ['Name the colour.', 'plant 1'],
    golds: ['red 1'],
  },
  {
    name: 'alpaca without an input in some',
    records: two((at) => ({
      instruction: `Name colour ${at}.`,
      input: at === 0 ? 'plant 0' : '',
      output: `red ${at}`,
    })),
    holds: ['Name colour 1.'],
    golds: ['red 1'],
  },
  {
    name: 'alpaca with a null input, text and dolly names beside',
    records: two((at) => ({
      instruction: `Name colour ${at}.`,
      input: at === 0 ? 'x' : null,
      output: `red ${at}`,
      text: 'whole',
    })),
    holds: ['Name colour 1.'],
    golds: ['red 1'],
    unused: ['text'],
  },
  {
    name: 'alpaca with a system text and history',
    records: two((at) => ({
      instruction: `And plant ${at}?`,
      input: '',
      output: `red ${at}`,
      system: `Be brief ${at}.`,
      history: [['Which plant?', 'Birch.']],
    })),
    holds: ['Be brief 1.', 'Which plant?', 'Birch.', 'And plant 1?'],
    golds: ['red 1'],
  },
  {
    name: 'dolly: instruction, context, response',
    records: two((at) => ({ instruction: ask(at), context: `Page ${at}.`, response: `root ${at}`, category: 'qa' })),
    holds: [ask(1), 'Page 1.'],
    golds: ['root 1'],
    unused: ['category'],
  },
  {
    name: 'sharegpt',
    records: two((at) => ({
      conversations: [
        { from: 'human', value: ask(at) },
        { from: 'gpt', value: `root ${at}` },
      ],
      id: at,
    })),
    holds: [ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'sharegpt with a system text for each',
    records: two((at) => ({
      conversations: [
        { from: 'system', value: `Rule ${at}.` },
        { from: 'human', value: ask(at) },
        { from: 'gpt', value: `root ${at}` },
      ],
    })),
    holds: ['Rule 1.', ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'sharegpt with a system column',
    records: two((at) => ({
      system: `Rule ${at}.`,
      conversations: [
        { from: 'human', value: ask(at) },
        { from: 'gpt', value: `root ${at}` },
      ],
    })),
    holds: ['Rule 1.', ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'messages of several turns',
    records: two((at) => ({
      messages: [
        { role: 'user', content: `First ${at}?` },
        { role: 'assistant', content: `Earlier ${at}.` },
        { role: 'user', content: ask(at) },
        { role: 'assistant', content: `root ${at}` },
      ],
    })),
    holds: ['First 1?', 'Earlier 1.', ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'messages that end with the user',
    records: two((at) => ({
      messages: [
        { role: 'user', content: ask(at) },
        { role: 'assistant', content: `root ${at}` },
        { role: 'user', content: 'Thanks!' },
      ],
    })),
    holds: [ask(1)],
    lacks: ['Thanks!'],
    golds: ['root 1'],
  },
  {
    name: 'messages whose content is parts',
    records: two((at) => ({
      messages: [
        { role: 'user', content: [{ type: 'text', text: ask(at) }] },
        { role: 'assistant', content: [{ type: 'text', text: `root ${at}` }] },
      ],
    })),
    holds: [ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'messages as a JSON text',
    records: two((at) => ({
      messages: JSON.stringify([
        { role: 'user', content: ask(at) },
        { role: 'assistant', content: `root ${at}` },
      ]),
    })),
    holds: [ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'messages with a tool',
    records: two((at) => ({
      messages: [
        { role: 'user', content: ask(at) },
        { role: 'tool', content: '{}' },
        { role: 'assistant', content: 'x' },
      ],
    })),
    refused: /role tool/,
  },
  {
    name: 'messages with a picture',
    records: two((at) => ({
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: ask(at) }] },
        { role: 'assistant', content: 'x' },
      ],
    })),
    refused: /no text/,
  },
  {
    name: 'messages without a reply',
    records: two((at) => ({
      messages: [{ role: 'user', content: ask(at) }, ...(at === 0 ? [{ role: 'assistant', content: 'x' }] : [])],
    })),
    refused: /no answer/,
  },
  {
    name: 'turns of a prompt with an answer beside',
    records: two((at) => ({
      prompt: [
        { role: 'system', content: `Rule ${at}.` },
        { role: 'user', content: ask(at) },
      ],
      answer: `root ${at}`,
    })),
    holds: ['Rule 1.', ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'prompt and completion as turns',
    records: two((at) => ({
      prompt: [{ role: 'user', content: ask(at) }],
      completion: [{ role: 'assistant', content: `root ${at}` }],
    })),
    holds: [ask(1)],
    golds: ['root 1'],
  },
  {
    name: 'preferences',
    records: two((at) => ({ prompt: ask(at), chosen: `root ${at}`, rejected: `leaf ${at}` })),
    holds: [ask(1)],
    golds: ['root 1'],
    unused: ['rejected'],
  },
  {
    name: 'squad',
    records: two((at) => ({
      id: `${at}`,
      title: 'T',
      context: `Page ${at}.`,
      question: ask(at),
      answers: { text: [`root ${at}`, `the root ${at}`, `root ${at}`], answer_start: [1, 2, 1] },
    })),
    holds: ['Page 1.', ask(1)],
    golds: ['root 1', 'the root 1'],
    unused: ['id', 'title'],
  },
  {
    name: 'squad 2 without an answer',
    records: two((at) => ({
      context: `Page ${at}.`,
      question: ask(at),
      answers: { text: at === 0 ? ['x'] : [], answer_start: [] },
    })),
    refused: /no answer/,
  },
  {
    name: 'squad 2 with is_impossible',
    records: two((at) => ({
      context: `Page ${at}.`,
      question: ask(at),
      is_impossible: at === 1,
      answers: [{ text: 'x', answer_start: 1 }],
    })),
    refused: /without an answer/,
  },
  {
    name: 'squad as first published, flattened',
    records: two((at) => ({
      context: `Page ${at}.`,
      question: ask(at),
      answers: [
        { text: `root ${at}`, answer_start: 1 },
        { text: 'the root', answer_start: 0 },
      ],
    })),
    holds: ['Page 1.'],
    golds: ['root 1', 'the root'],
  },
  {
    name: 'squad from a table, answers as Python writes them',
    records: two((at) => ({
      context: `Page ${at}.`,
      question: ask(at),
      answers: `{'text': ['root ${at}'], 'answer_start': [1]}`,
    })),
    holds: ['Page 1.'],
    golds: ['root 1'],
  },
  {
    name: 'triviaqa',
    records: two((at) => ({
      question: ask(at),
      question_id: `t${at}`,
      answer: {
        value: `Root ${at}`,
        aliases: [`Root ${at}`, 'Radix'],
        normalized_value: 'root',
        normalized_aliases: ['radix'],
        type: 'W',
      },
    })),
    golds: ['Root 1', 'Radix'],
    unused: ['question_id'],
  },
  {
    name: 'natural questions open',
    records: two((at) => ({ question: ask(at), answer: [`root ${at}`, 'radix'] })),
    golds: ['root 1', 'radix'],
  },
  {
    name: 'natural questions with short answers',
    records: two((at) => ({
      question: { text: ask(at), tokens: [{ token: 'Which' }] },
      document: { html: '<p>', tokens: {} },
      annotations: { id: ['1'], short_answers: [{ text: [`root ${at}`], start_token: [1] }], yes_no_answer: [-1] },
    })),
    holds: [ask(1)],
    golds: ['root 1'],
    unused: ['document'],
  },
  {
    name: 'natural questions with yes or no',
    records: two((at) => ({
      question: { text: ask(at) },
      annotations: { short_answers: [{ text: [] }], yes_no_answer: [at] },
    })),
    golds: ['yes'],
  },
  {
    name: 'simplified natural questions',
    records: two((at) => ({ question_text: ask(at), short_answers: [`root ${at}`], long_answer: 'It is …' })),
    golds: ['root 1'],
    unused: ['long_answer'],
  },
  {
    name: 'popqa: possible answers as a JSON text',
    records: two((at) => ({ question: ask(at), possible_answers: JSON.stringify([`root ${at}`, 'radix']) })),
    golds: ['root 1', 'radix'],
  },
  {
    name: 'drop',
    records: two((at) => ({
      section_id: 's',
      passage: `Page ${at}.`,
      question: ask(at),
      answers_spans: { spans: [`${at}4`, `${at}5`], types: ['number', 'number'] },
    })),
    holds: ['Page 1.'],
    golds: ['14', '15'],
  },
  {
    name: 'drop as first published',
    records: two((at) => ({
      passage: `Page ${at}.`,
      question: ask(at),
      answer: { number: '', date: { day: '3', month: 'May', year: '1801' }, spans: [] },
    })),
    golds: ['3 May 1801'],
  },
  {
    name: 'boolq',
    records: two((at) => ({ question: ask(at), passage: `Page ${at}.`, answer: at === 1 })),
    holds: ['Page 1.', ask(1), 'true or false'],
    golds: ['true'],
  },
  {
    name: 'hotpotqa',
    records: two((at) => ({
      question: ask(at),
      answer: `root ${at}`,
      context: { title: ['Oak'], sentences: [[`Line ${at}. `, 'More.']] },
      level: 'hard',
    })),
    holds: ['Oak', 'Line 1.', 'More.'],
    golds: ['root 1'],
    unused: ['level'],
  },
  choice('mmlu', (at) => ({ question: ask(at), subject: 'law', choices: four(at), answer: at }), 'B', {
    unused: ['subject'],
  }),
  choice('mmlu with the class as a letter', (at) => ({ question: ask(at), choices: four(at), answer: 'AB'[at] })),
  choice('mmlu from a table of letters', (at) => ({
    Question: ask(at),
    A: `leaf ${at}`,
    B: `root ${at}`,
    C: `seed ${at}`,
    D: `stem ${at}`,
    Answer: 'CB'[at],
  })),
  choice('mmlu-pro', (at) => ({
    question_id: at,
    question: ask(at),
    options: four(at),
    answer: 'AB'[at],
    answer_index: at,
    cot_content: '',
    category: 'law',
  })),
  choice('choices from a table, as NumPy prints them', (at) => ({
    question: ask(at),
    choices: `array(['leaf ${at}', 'root ${at}', 'seed ${at}', 'stem ${at}'], dtype=object)`,
    answer: `${at}`,
  })),
  choice('arc', (at) => ({
    id: 'M',
    question: ask(at),
    choices: { text: four(at), label: ['A', 'B', 'C', 'D'] },
    answerKey: 'DB'[at],
  })),
  choice('arc with numbers as labels', (at) => ({
    question: ask(at),
    choices: { text: four(at), label: ['1', '2', '3', '4'] },
    answerKey: `${at + 1}`,
  })),
  choice('commonsenseqa', (at) => ({
    question: ask(at),
    question_concept: 'plant',
    choices: { label: ['A', 'B', 'C', 'D'], text: four(at) },
    answerKey: 'AB'[at],
  })),
  choice(
    'commonsenseqa as first published',
    (at) => ({
      answerKey: 'AB'[at],
      question: { stem: ask(at), choices: four(at).map((text, place) => ({ label: 'ABCD'[place], text })) },
    }),
    'B',
    { holds: [ask(1), ...lettered(1)] },
  ),
  choice('openbookqa', (at) => ({
    question_stem: ask(at),
    choices: { text: four(at), label: ['A', 'B', 'C', 'D'] },
    answerKey: 'AB'[at],
    fact1: 'x',
  })),
  choice(
    'hellaswag',
    (at) => ({
      ind: at,
      activity_label: 'x',
      ctx_a: 'a',
      ctx_b: 'b',
      ctx: `They go ${at}`,
      endings: four(at),
      label: `${at}`,
    }),
    'B',
    { holds: ['They go 1', ...lettered(1)] },
  ),
  choice('swag', (at) => ({
    startphrase: `They go ${at}`,
    ending0: `leaf ${at}`,
    ending1: `root ${at}`,
    ending2: `seed ${at}`,
    ending3: `stem ${at}`,
    label: at,
  })),
  choice('medqa', (at) => ({
    question: ask(at),
    answer: `root ${at}`,
    options: { A: `leaf ${at}`, B: `root ${at}`, C: `seed ${at}`, D: `stem ${at}` },
    answer_idx: 'B',
  })),
  choice('medmcqa', (at) => ({
    question: ask(at),
    opa: `leaf ${at}`,
    opb: `root ${at}`,
    opc: `seed ${at}`,
    opd: `stem ${at}`,
    cop: at,
    exp: 'x',
  })),
  choice('aqua, with letters before the options', (at) => ({
    question: ask(at),
    options: four(at).map((text, place) => `${'ABCD'[place]})${text}`),
    rationale: 'x',
    correct: 'AB'[at],
  })),
  choice('mathqa, options in one text', (at) => ({
    Problem: ask(at),
    options: four(at)
      .map((text, place) => `${'abcd'[place]} ) ${text}`)
      .join(' , '),
    correct: 'ab'[at],
  })),
  choice('race', (at) => ({ article: `Page ${at}.`, question: ask(at), options: four(at), answer: 'AB'[at] }), 'B', {
    holds: ['Page 1.', ...lettered(1)],
  }),
  choice('choices with the text of the right one', (at) => ({
    question: ask(at),
    choices: four(at),
    answer: `root ${at}`,
  })),
  {
    name: 'choices counted from 1',
    records: [0, 1, 2, 3].map((at) => ({ question: ask(at), choices: four(at), answer: [1, 2, 3, 4][at] })),
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'socialiqa',
    records: [0, 1, 2].map((at) => ({
      context: `Scene ${at}.`,
      question: ask(at),
      answerA: 'leaf',
      answerB: 'root',
      answerC: 'seed',
      label: `${at + 1}`,
    })),
    holds: ['Scene 1.', 'A. leaf', 'C. seed'],
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'winogrande',
    records: two((at) => ({
      sentence: `The _ is ${at}.`,
      option1: `leaf ${at}`,
      option2: `root ${at}`,
      answer: `${at + 1}`,
    })),
    holds: ['The _ is 1.', 'A. leaf 1', 'B. root 1'],
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'piqa',
    records: two((at) => ({ goal: `To water ${at}`, sol1: `pour ${at}`, sol2: `spray ${at}`, label: at })),
    holds: ['To water 1', 'B. spray 1'],
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'copa',
    records: two((at) => ({
      premise: `It rained ${at}.`,
      question: 'effect',
      choice1: `wet ${at}`,
      choice2: `dry ${at}`,
      label: at,
    })),
    holds: ['It rained 1.', 'effect', 'B. dry 1'],
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'truthfulqa, marked choices',
    records: two((at) => ({
      question: ask(at),
      mc1_targets: { choices: [`yes ${at}`, `no ${at}`], labels: at === 0 ? [1, 0] : [0, 1] },
    })),
    holds: ['A. yes 1', 'B. no 1'],
    golds: ['B'],
    scorer: 'choice',
  },
  {
    name: 'truthfulqa, answers',
    records: two((at) => ({
      question: ask(at),
      best_answer: `root ${at}`,
      correct_answers: [`root ${at}`, 'radix'],
      incorrect_answers: ['leaf'],
    })),
    golds: ['root 1', 'radix'],
  },
  {
    name: 'gpqa',
    records: two((at) => ({
      Question: ask(at),
      'Correct Answer': `root ${at}`,
      'Incorrect Answer 1': 'leaf',
      'Incorrect Answer 2': 'seed',
      'Incorrect Answer 3': 'stem',
      Subdomain: 'x',
    })),
    holds: ['. root 1', '. leaf', '. seed', '. stem'],
    scorer: 'choice',
    unused: ['Subdomain'],
  },
  {
    name: 'sciq',
    records: two((at) => ({
      question: ask(at),
      distractor1: 'leaf',
      distractor2: 'seed',
      distractor3: 'stem',
      correct_answer: `root ${at}`,
      support: `Page ${at}.`,
    })),
    holds: ['Page 1.', '. root 1', '. stem'],
    scorer: 'choice',
  },
  choice(
    'belebele',
    (at) => ({
      flores_passage: `Page ${at}.`,
      question: ask(at),
      mc_answer1: `leaf ${at}`,
      mc_answer2: `root ${at}`,
      mc_answer3: `seed ${at}`,
      mc_answer4: `stem ${at}`,
      correct_answer_num: `${[4, 2][at]}`,
    }),
    'B',
    { holds: ['Page 1.', ...lettered(1)] },
  ),
  choice(
    'reclor: choices called answers',
    (at) => ({ context: `Page ${at}.`, question: ask(at), answers: four(at), label: at, id_string: 'x' }),
    'B',
    { holds: ['Page 1.', ...lettered(1)] },
  ),
  choice('choices as NumPy prints them without commas', (at) => ({
    question: ask(at),
    choices: `['leaf ${at}' 'root ${at}'\n 'seed ${at}' 'stem ${at}']`,
    answer: `${at}`,
  })),
  choice('arc from a table', (at) => ({
    question: ask(at),
    choices: `{'text': array(['leaf ${at}', 'root ${at}', 'seed ${at}', 'stem ${at}'], dtype=object), 'label': array(['A', 'B', 'C', 'D'], dtype=object)}`,
    answerKey: 'AB'[at],
  })),
  choice('options in columns of a table', (at) => ({
    Question: ask(at),
    'Option A': `leaf ${at}`,
    'Option B': `root ${at}`,
    'Option C': `seed ${at}`,
    'Option D': `stem ${at}`,
    'Correct Option': 'AB'[at],
  })),
  choice('choices with the right one in brackets', (at) => ({
    question: ask(at),
    choices: four(at),
    answer: ['(A)', '(B)'][at],
  })),
  {
    name: 'choices that nobody can read',
    records: two((at) => ({ question: ask(at), choices: '[leaf root]', answer: `${at}` })),
    refused: /The choices in 'choices' cannot be read/,
  },
  {
    name: 'squad from a table of NumPy',
    records: two((at) => ({
      context: `Page ${at}.`,
      question: ask(at),
      answers: `{'text': array(['root ${at}', 'radix'], dtype=object), 'answer_start': array([1, 2], dtype=int32)}`,
    })),
    golds: ['root 1', 'radix'],
  },
  {
    name: 'pubmedqa',
    records: two((at) => ({
      question: ask(at),
      context: { contexts: [`Line ${at}.`, 'More.'], labels: ['A', 'B'] },
      long_answer: 'Long.',
      final_decision: 'yes',
    })),
    holds: ['Line 1.', 'More.'],
    lacks: ['labels'],
    golds: ['yes'],
  },
  {
    name: 'fever',
    records: two((at) => ({ claim: `It is ${at}.`, label: 'SUPPORTS', evidence: [] })),
    holds: ['It is 1.'],
    golds: ['SUPPORTS'],
  },
  {
    name: 'narrativeqa',
    records: two((at) => ({
      document: { id: 'd', summary: { text: 'Long.' } },
      question: { text: ask(at), tokens: [] },
      answers: [
        { text: `root ${at}`, tokens: [] },
        { text: 'radix', tokens: [] },
      ],
    })),
    holds: [ask(1)],
    golds: ['root 1', 'radix'],
  },
  {
    name: 'letters for columns: q and a',
    records: two((at) => ({ q: ask(at), a: `root ${at}` })),
    golds: ['root 1'],
  },
  {
    name: 'a translation, which has no question',
    records: two((at) => ({ translation: { en: `root ${at}`, de: `Wurzel ${at}` } })),
    refused: /the columns are 'translation'/,
  },
  {
    name: 'a dialogue of many questions',
    records: two((at) => ({
      story: `Page ${at}.`,
      questions: [ask(at)],
      answers: { input_text: ['x'], answer_start: [0] },
    })),
    refused: /the columns are 'story', 'questions', 'answers'/,
  },
  {
    name: 'natural language inference',
    records: two((at) => ({
      premise: `It rains ${at}.`,
      hypothesis: `It is wet ${at}.`,
      label: ['neutral', 'entailment'][at],
    })),
    holds: ['It rains 1.', 'It is wet 1.'],
    golds: ['entailment'],
  },
  {
    name: 'classes of texts, with their names beside',
    records: two((at) => ({ text: `It was ${at}.`, label: at, label_text: ['bad', 'good'][at] })),
    golds: ['good'],
    unused: ['label'],
  },
  {
    name: 'grade-school problems with worked solutions',
    records: two((at) => ({ question: ask(at), answer: `We add.\n#### 1,0${at}0` })),
    golds: ['1010'],
  },
  {
    name: 'competition problems with a box',
    records: two((at) => ({
      problem: ask(at),
      level: 'Level 1',
      type: 'Algebra',
      solution: `So it is $\\boxed{\\frac{${at}}{2}}$.`,
    })),
    golds: ['\\frac{1}{2}'],
    unused: ['level', 'type'],
  },
  {
    name: 'an answer that is missing beside a label',
    records: two((at) => ({ question: ask(at), answer: at === 0 ? 'x' : null, label: 'easy', summary: 'A page.' })),
    refused: /no answer/,
    unused: ['label', 'summary'],
  },
  {
    name: 'a question that is missing beside a content',
    records: two((at) => ({ question: at === 0 ? ask(at) : '', content: 'Page', answer: 'x' })),
    refused: /no question/,
  },
  {
    name: 'an answer that is an object',
    records: two((at) => ({ question: ask(at), answer: { score: at, by: 'me' } })),
    refused: /object that is not known: score, by/,
  },
  {
    name: 'choices of which none is right',
    records: two((at) => ({ question: ask(at), choices: four(at), answer: at === 0 ? 0 : 7 })),
    refused: /none of the choices/,
  },
  {
    name: 'choices without a column for the right one',
    records: two((at) => ({ question: ask(at), choices: four(at) })),
    refused: /which choice of 'choices' is right; the columns are 'question', 'choices'/,
  },
  {
    name: 'columns without a known name',
    records: two((at) => ({ alpha: ask(at), beta: 'x' })),
    refused: /the columns are 'alpha', 'beta'/,
  },
]
