"""The Python interfaces that other OneDep programs import today, under their names, over the stores of the active profile.

Names of methods and parameters are upstream's; what they do is reference sections 13 and 14, without the defects of 17.
"""

from service.legacy.auto_message import AutoMessage
from service.legacy.extract_message import ExtractMessage
from service.legacy.lock_file import LockFile, LockFileTimeoutException
from service.legacy.message_io import PdbxMessageIo
from service.legacy.values import (
    PdbxMessageFileReference,
    PdbxMessageInfo,
    PdbxMessageOrigCommReference,
    PdbxMessageStatus,
)

__all__ = [
    "AutoMessage",
    "ExtractMessage",
    "LockFile",
    "LockFileTimeoutException",
    "PdbxMessageFileReference",
    "PdbxMessageInfo",
    "PdbxMessageIo",
    "PdbxMessageOrigCommReference",
    "PdbxMessageStatus",
]
