"""Every error this package raises on purpose.

SelfTaughtError
├── BudgetExceeded      an improver asked for more than its allowance       (the guest's fault; shown to it)
├── BadRequest          an improver asked for something that is not defined (the guest's fault; shown to it)
├── UsageError          a name, file or setting is wrong                    (the user's fault)
├── TaskError           the user's own task code failed                     (the user's fault)
├── RecordError         the record of a run cannot be read or written       (the disk's fault)
│   └── OtherVersion    … or was begun with other code                  (nobody's fault)
├── ModelUnavailable    the language model gave no answer                   (the provider's fault)
├── NoSandbox           nothing on this machine isolates                    (the machine's fault)
├── SandboxError        the sandbox itself broke                            (our fault)
└── RunStopped          the run was stopped: it can be resumed              (nobody's fault)

A program that crashes, loops or answers nonsense is not an error: it is a result with a `Verdict`.
Each message states what was expected, what was found, and what to do.
"""


class SelfTaughtError(Exception):
    """Base of all errors above."""


class BudgetExceeded(SelfTaughtError):
    """An improver requested more than its `Allowance`; the request was not executed."""


class BadRequest(SelfTaughtError):
    """An improver's request has the wrong type or range; the request was not executed and not charged."""


class UsageError(SelfTaughtError):
    """A name, a file or a setting is missing, misspelt or contradicts another."""


class TaskError(SelfTaughtError):
    """A task's own `instances` or `grade` failed. Trusted code of the user's, so never scored as a guest's."""


class RecordError(SelfTaughtError):
    """A run's store is missing, damaged, of another version, or cannot be written."""


class OtherVersion(RecordError):
    """Another version of this package began the run, and this one may compute otherwise."""


class ModelUnavailable(SelfTaughtError):
    """The provider gave no answer after every retry the policy allows. The run can be resumed."""


class NoSandbox(SelfTaughtError):
    """No isolating sandbox works on this machine."""


class SandboxError(SelfTaughtError):
    """The sandbox failed, as opposed to the program in it: nothing is known about the program."""


class RunStopped(SelfTaughtError):
    """The run was interrupted or reached a limit of its own. All finished work is recorded.

    `interrupted` is True where a person asked for the stop, False where a budget or a deadline did.
    """

    def __init__(self, message: str, *, interrupted: bool = False) -> None:
        super().__init__(message)
        self.interrupted = interrupted
