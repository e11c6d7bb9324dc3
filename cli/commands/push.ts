import type { Command } from 'commander'

export function registerPush(_program: Command): void {}
