import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from '../options/completion-script.ts'

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and their values in a shell')
    .addArgument(new Argument('<shell>', 'whose script').choices([...shells]))
    .action((shell: Shell) => console.log(completionScript(program, shell)))
}
