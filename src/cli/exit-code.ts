// How a command went, in the one number that scripts look at.

/** 0: well; 1: an operation failed; 2: the configuration or the command line is wrong. */
export type ExitCode = 0 | 1 | 2
