import { fileURLToPath } from 'node:url'
import { type Names, type NewFiles, type NewRole, programText, topologyText } from './template.ts'

/** The package of the SDK, which comes with this one. */
const sdk = fileURLToPath(new URL('../../sdk/python', import.meta.url))

const code: Readonly<Record<NewRole, (name: string) => string>> = {
  generator: (name) => `"""Orders: so many equal things, and what all of them cost."""

from syllabus_agent import NoRow, RowRequest, RowText, generator

THINGS = ["lamps", "chairs", "books", "baskets", "candles", "ropes"]


@generator(name="${name}", version="1.0.0", sources=["procedure"])
def make(request: RowRequest) -> RowText:
    """The row of one index. All that is random comes from request.random, so equal requests give equal rows."""
    if request.skill != "order-total":
        raise NoRow(f'it knows the skill "order-total", and was asked for "{request.skill}"')
    random = request.random
    count, cents = random.randint(2, 15), 5 * random.randint(20, 200)
    price, total = f"{cents / 100:.2f}", f"{count * cents / 100:.2f}"
    return RowText(
        input=f"One of {count} {random.choice(THINGS)} costs {price}. What do all {count} of them cost?",
        output=f"{count} times {price} is {total}. The answer is therefore \\\\boxed{{{total}}}.",
        # From these numbers the critic works the answer out again.
        core={"count": count, "price": cents},
        core_key=f"order-total:count={count};price={cents}",
    )
`,
  critic: (name) => `"""Refuses rows whose worked answer is as short as a guess."""

from syllabus_agent import CheckRequest, critic


@critic(name="${name}", version="1.0.0")
def check(request: CheckRequest) -> str | None:
    """None for a row that is let through, or why it is refused. The rules have looked at it before."""
    words = len(request.row.output.split())
    return None if words >= 4 else f"an answer of {words} words shows no work"
`,
  planner: (name) => `"""Plans as many rows of each skill."""

from syllabus_agent import Plan, PlanRequest, planner


@planner(name="${name}", version="1.0.0", drafts_only=True)
def decide(request: PlanRequest) -> Plan:
    """The next curation program. The same situation gives the same program."""
    situation = request.situation
    skills = [skill["name"] for skill in situation["task"]["skills"]]
    rows = [situation["rows"] // len(skills) + (at < situation["rows"] % len(skills)) for at in range(len(skills))]
    sources = [
        {
            "id": skill,
            "kind": "procedure",
            "skill": skill,
            "rows": count,
            "phrasings": 8,
            "wideShare": 0.5,
            "difficulty": [1, 1, 1],
        }
        for skill, count in zip(skills, rows)
    ]
    program = {
        "version": 1,
        "sources": sources,
        "contract": {"maxInputChars": 1000, "maxOutputChars": 1000},
        "filters": {"nearDuplicateJaccard": 0.7, "contaminationShare": 0.6},
        "verification": "execute",
        "judge": None,
        "carryOver": None,
    }
    return Plan(program=program, diagnosis="As many rows of each skill, whatever was measured.")
`,
}

const tests: Readonly<Record<NewRole, (module: string) => string>> = {
  generator: (module) => `from ${module} import make
from syllabus_agent.testing import request_of


def test_equal_requests_give_equal_rows():
    assert make(request_of(7, skill="order-total")) == make(request_of(7, skill="order-total"))


def test_rows_differ():
    rows = [make(request_of(index, skill="order-total")) for index in range(20)]
    assert len({row.input for row in rows}) > 15
`,
  critic: (module) => `from ${module} import check
from syllabus_agent.testing import check_of


def test_a_worked_answer_is_let_through():
    assert check(check_of(output="2 times 3 is 6. It is \\\\boxed{6.00}.")) is None


def test_a_guess_is_refused():
    assert "no work" in check(check_of(output="\\\\boxed{6.00}"))
`,
  planner: (module) => `from ${module} import decide
from syllabus_agent.testing import plan_of


def test_the_program_has_the_rows_that_are_wanted():
    program = decide(plan_of(rows=100)).program
    assert sum(source["rows"] for source in program["sources"]) == 100


def test_equal_situations_give_equal_programs():
    assert decide(plan_of()) == decide(plan_of())
`,
}

/** The files of an agent in Python. */
export function pythonFiles(
  role: NewRole,
  { name, module }: Names,
): { files: NewFiles; variant: string; next: readonly string[] } {
  const variant = `python:./${module}.py`
  return {
    variant,
    files: {
      [`${module}.py`]: code[role](name),
      [`test_${module}.py`]: tests[role](module),
      'requirements.txt': `# What the agent needs; add your own packages.\n${sdk}\npytest\n`,
      'topology.yaml': topologyText(role, name, variant),
      ...(role === 'generator' && { 'program.yaml': programText }),
    },
    next: ['python3 -m venv .venv && .venv/bin/pip install -r requirements.txt', '.venv/bin/python -m pytest'],
  }
}
