import { exitCodes } from '../../launcher/console/exit-codes.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { checkNoSession } from '../../launcher/live-session.ts'
import { needsOf } from '../../launcher/served.ts'
import type { RecipeFile } from '../../schemas/recipe.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { checkFits, fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { runSession } from '../run/run-session.ts'
import { beginMember, membersOf, writeSummary } from '../run-set/run-set.ts'
import { selectArms } from './arms.ts'
import { checkArmStudent } from './check-student.ts'
import { type ArmPlan, planArms, type RecipeOptions } from './plan.ts'
import { planDocument, printRecipePlan } from './print-plan.ts'
import { checkSources, readRecipe } from './sources.ts'

type Asked = RecipeOptions & { recipe: string; arm: readonly string[]; dryRun: boolean }

/**
 * Runs the arms of a recipe one after another, each a set of runs, or, dry, says what they would take. All that can be checked is
 * checked for every arm before the first begins. Returns the exit code.
 * @throws UsageError, TaskError, TeacherUnusable
 */
export async function runRecipe(asked: Asked, reporter: Reporter): Promise<number> {
  const recipe = await readRecipe(asked.recipe)
  const arms = selectArms(recipe, asked.arm)
  checkSources(arms, asked.sources)
  if (asked.runId !== undefined && arms.length > 1) {
    throw new UsageError(
      `--run-id names one set of runs, and ${arms.length} arms are asked for.`,
      'Choose one arm with --arm, or leave --run-id out: sets are named by their arms.',
    )
  }
  const plans = await planArms(recipe, arms, asked, reporter.line)
  notify(recipe, plans, reporter)
  if (asked.dryRun) return exitCodes.ok
  await checkNoSession('each arm of a recipe wants its own')
  for (const plan of plans) {
    await checkArmStudent(plan)
    const contexts = await checkModels(plan.topology)
    plan.topology = fitPlanner(plan.topology, contexts)
    checkFits(plan.task, plan.topology, contexts)
  }
  let code: number = exitCodes.ok
  for (const plan of plans) {
    const ended = await runArm(plan, asked.seed, reporter)
    if (ended !== exitCodes.ok && ended !== exitCodes.noResult) return ended
    code = Math.max(code, ended)
  }
  return code
}

function notify(recipe: RecipeFile, plans: readonly ArmPlan[], reporter: Reporter): void {
  for (const text of printRecipePlan(recipe, plans)) reporter.line(text)
  reporter.json(planDocument(recipe, plans))
}

function runArm({ set, runs, task, topology, ...plan }: ArmPlan, seed: number, reporter: Reporter): Promise<number> {
  const members = membersOf(set, seed, runs)
  const { evidence, setting, attempts, rows } = plan
  const request = { seed, attempts, rows, evidence, setting }
  reporter.line(`arm ${plan.name}: task folder ${task.dir}`)
  return runSession(topology, reporter, {
    starts: members.map(
      (member) => (bus, own) => beginMember(bus, member, { task, topology, request: { ...request, own } }),
    ),
    own: set,
    after: (bus) => writeSummary(bus, set, members, reporter),
    needs: () => needsOf(topology),
    ofTask: task,
    resumeCommand: () => 'the same command again',
  })
}
