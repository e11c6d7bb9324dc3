import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from '../options/completion-script.ts'
import { addExamples } from '../options/examples.ts'

export function registerCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('print a script that completes commands, options and their values in a shell')
    .addArgument(new Argument('<shell>', 'whose script').choices([...shells]))
    .action((shell: Shell) => console.log(completionScript(program, shell)))
  addExamples(command, [
    ['completion bash >> ~/.bashrc', 'for a command "syllabus": npm link makes one, or: alias syllabus="npx syllabus"'],
    ['completion zsh > ~/.syllabus.zsh', 'then in ~/.zshrc, after compinit: source ~/.syllabus.zsh'],
    ['completion fish > ~/.config/fish/completions/syllabus.fish', 'fish reads it by itself'],
  ])
}
