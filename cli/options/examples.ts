import type { Command } from 'commander'

type Examples = readonly (readonly [words: string, why: string])[]

/** Examples of each command, by its words, as its help shows them: what follows `npx syllabus`, and what it is for. */
export const examples: Readonly<Record<string, Examples>> = {
  run: [
    ['run --seed 2', 'the demonstration, with other random numbers'],
    ['run my-task --topology llm --model my-model --rows 200', 'your task, with a teacher behind OPENAI_BASE_URL'],
    ['run my-task --topology llm --teacher local --dry-run', 'what it would take; nothing is started'],
    ['run --tracker mlflow,tensorboard', 'also to the server of MLFLOW_TRACKING_URI, and to event files'],
  ],
  compare: [['compare --arms rules,random --runs 6 --name march', 'two planners, six pairs; the same command goes on']],
  generate: [
    [
      'generate my-task --rows 200 --out data --model my-model --preview 3',
      'three prompts and replies, before anything larger is paid',
    ],
    [
      'generate my-task --program p.yaml --rows 200 --out data --model my-model',
      'rows alone; the same command goes on',
    ],
    ['generate my-task --program p.yaml --rows 200 --out data --model my-model --budget 400', 'at most 400 calls'],
  ],
  estimate: [
    ['estimate my-task --topology llm --model my-model', 'a whole run'],
    ['estimate my-task --program p.yaml --rows 200 --model my-model', 'rows alone'],
  ],
  up: [['up --topology llm --model my-model', 'then, in another terminal: npx syllabus run my-task --topology llm']],
  agent: [
    ['agent generator --variant procedural', 'one more generator on the bus that runs here'],
    ['agent critic --run my-run', 'one more critic for a run, with its model and options'],
  ],
  'agent new': [
    ['agent new generator my-sums', 'a generator in TypeScript, in the folder my-sums'],
    ['agent new planner my-plans --language python', 'a planner in Python'],
  ],
  'agent check': [
    [
      'agent check python:./my_sums.py --program program.yaml',
      'a generator of your own, asked for what a program names',
    ],
    ['agent check rules --role critic', 'a built-in variant'],
  ],
  'node start': [
    ['node start gpu-1.node.json --trainer-bridge gpus', 'a trainer-bridge for each GPU of this host'],
    ['node start box-2.node.json --generator 1..8 --critic 1', 'generators as the backlog asks for them'],
  ],
  'node stop': [['node stop', 'the one node of this host']],
  status: [['status --json', 'the same for a program']],
  watch: [['watch', 'the page of the runs that are stored, until you interrupt it']],
  stop: [['stop --reason "going home"', 'the one run that is not finished; "resume" goes on with it']],
  pause: [['pause', 'the one run that is not finished']],
  finish: [['finish', 'ends the search of the one run that is not finished']],
  veto: [['veto --reason "rows of one kind alone"', 'after a pause']],
  resume: [['resume', 'the one run that is not finished']],
  events: [
    ['events my-run --follow', 'what happens now, from another terminal'],
    ['events my-run --json --from 120', 'for a program that has the messages before'],
  ],
  rows: [
    ['rows my-run --refused', 'what became no row, and why'],
    ['rows my-run --search "spoons wrong-answer"', 'those with both words in a text, id or reason'],
    ['rows my-run --row a1.r1.plain.0.0', 'one with its prompt and the reply of the teacher'],
  ],
  answers: [
    ['answers my-run --wrong', 'what the student of the chosen attempt still gets wrong'],
    ['answers my-run validation-3', 'one question, with the answers of all'],
  ],
  report: [['report', 'of the one run that there is; its files are under runs/']],
  replay: [['replay my-run', 'makes its datasets again and compares their hashes']],
  bundle: [['bundle my-run --out my-run.tar.gz', 'one file for somebody who doubts it']],
  verify: [
    ['verify my-run.tar.gz', 'what follows from what'],
    ['verify my-run.tar.gz my-task --deep', 'also with the task, and every candidate made again'],
  ],
  export: [
    ['export my-run --format parquet --out rows', 'the chosen dataset'],
    ['export my-run --what adapter --out my-adapter', "the final model's adapter, for peft and vLLM"],
    ['export my-run --what gguf --gguf q8_0', 'one file for llama.cpp, Ollama and LM Studio'],
    ['export my-run --what all --model attempt-2', 'rows, adapter, merged model, GGUF and cards'],
  ],
  try: [
    ['try my-run', 'questions that you type; Enter alone asks an example'],
    ['try my-run --ask "7 crates at 3.20 each. What is to be paid?"', 'one question'],
    ['try my-run --example 12 --model control', 'a question of validation, with its right answer'],
  ],
  serve: [
    ['serve my-run', 'base and tuned student, until you interrupt it'],
    ['serve my-run --model final,control --port 8080', 'more models, at a port of your choice'],
  ],
  push: [
    ['push my-run --to me/my-model --dry-run', 'which files would leave this machine'],
    ['push my-run --to me/my-model --private', 'adapter and card; HF_TOKEN is the token, HF_ENDPOINT another hub'],
    ['push my-run --to me/my-model-gguf --what gguf', 'one file for llama.cpp'],
    ['push my-run --to me/my-rows --what dataset', 'the rows, as a dataset; the same command goes on after a cut'],
  ],
  'dead list': [['dead list', 'messages that no agent takes any more, with the reason']],
  'dead redrive': [['dead redrive 12', 'once the cause is fixed']],
  'program check': [['program check p.yaml my-task --budget 400', 'before anything is paid']],
  score: [
    [
      'score --scorer numeric --mode normalised --in replies.jsonl --out scored.jsonl',
      'lines with response and gold; see docs/scorers.md',
    ],
  ],
  'trace export': [
    [
      'trace export my-run',
      'to OTEL_EXPORTER_OTLP_ENDPOINT; a run that agents work on is exported by their command itself',
    ],
  ],
  mcp: [['mcp', 'the command that an assistant starts; give it a folder, and OPENAI_API_KEY, in its settings']],
  track: [['track my-run --tracker tensorboard', 'a run that is over; one that starts takes --tracker, too']],
  'task init': [
    ['task init my-task --from tickets.csv', 'columns question and answer, or names that are like them'],
    ['task init my-task --from tickets.csv --question ticket --answer queue', 'columns that you name'],
  ],
  'task check': [['task check my-task', 'what is wrong, and what is still to be written']],
  'task split': [['task split all.jsonl --out parts --stratify topic --audit 50', 'three files, each topic in each']],
  'task show': [['task show my-task', 'counts and settings; no question of a test']],
  'task import': [['task import scibench scibench/ --out my-task', 'your copy of a published set']],
  'cluster init': [
    [
      'cluster init --out lab --host a=10.0.0.1 --host b=10.0.0.2 --host c=10.0.0.3',
      'three servers, three copies, TLS',
    ],
  ],
  'cluster node': [
    ['cluster node lab --name gpu-1 --roles trainer-bridge', 'a host that trains, and can open no answers'],
    [
      'cluster node lab --name cpu-1 --roles generator,critic --out cpu-1.node.json',
      'a host that makes and checks rows',
    ],
  ],
  'cluster check': [
    ['cluster check lab', 'before anything is run: servers, certificates, and what each role may do'],
    ['cluster check lab --node gpu-1.node.json', 'the same with the join file of a host'],
  ],
  'cluster renew': [['cluster renew lab', 'a month before the certificates end, as "check" warns']],
  'cluster revoke': [['cluster revoke lab gpu-1', 'then copy users.conf to each host, and reload its server']],
  'cluster status': [['cluster status', 'which server leads what, what waits, and which nodes are up']],
  completion: [
    ['completion bash >> ~/.bashrc', 'for a command "syllabus": npm link makes one, or: alias syllabus="npx syllabus"'],
    ['completion zsh > ~/.syllabus.zsh', 'then in ~/.zshrc, after compinit: source ~/.syllabus.zsh'],
    ['completion fish > ~/.config/fish/completions/syllabus.fish', 'fish reads it by itself'],
  ],
  doctor: [
    ['doctor', 'what is missing, and the command that fixes it'],
    ['doctor --topology llm --model my-model', 'whether the endpoint answers; nothing is paid'],
    ['doctor --student org/model@revision', 'whether a student can be used'],
  ],
}

/** What the help of all commands shows an example of: from the demonstration to a result of one's own. */
const first = ['run', 'task init', 'generate', 'report', 'export']

/** Ends the help of a command, and of each one under it, with its examples; of a group, with one of each of its commands. */
export function addExamples(command: Command, path = ''): void {
  const inside = path === '' ? first : command.commands.map((each) => `${path} ${each.name()}`)
  const own = examples[path] ?? inside.flatMap((each) => examples[each]?.slice(0, 1) ?? [])
  const lines = own.map(([line, why]) => `  npx syllabus ${line}\n      ${why}`)
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  for (const each of command.commands) addExamples(each, `${path} ${each.name()}`.trim())
}
