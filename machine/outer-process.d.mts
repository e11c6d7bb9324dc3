export const outerGone: string
export function whenNpmIsGone(callback: () => void): void
export function addSelf(): void
export function isOuterGone(): boolean

export declare function innerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined>
