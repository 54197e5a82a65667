"""A second opinion on a filter: runs classic BPF as the kernel does, one `struct seccomp_data` at a time."""

import struct
from collections.abc import Sequence

Program = Sequence[tuple[int, int, int, int]]


def decoded(program: bytes) -> Program:
    """Instructions, after the checks that the kernel makes before it takes a filter."""
    code = list(struct.iter_unpack("<HBBI", program))
    assert 0 < len(code) <= 4096
    for position, (operation, then, otherwise, value) in enumerate(code):
        targets = {0x05: [value], 0x06: []}.get(operation, [then, otherwise])
        assert all(position + 1 + jump < len(code) for jump in targets), f"{position} jumps out"
        assert operation != 0x20 or (value % 4 == 0 and value < 64), f"{position} reads outside of the data"
    return code


def run(code: Program, number: int, architecture: int, arguments: Sequence[int] = (0,) * 6) -> int:
    """What the filter returns for one call."""
    words = struct.unpack("<16I", struct.pack("<IIQ6Q", number, architecture, 0x7F00_0000_1234, *arguments))
    accumulator = position = 0
    while True:
        operation, then, otherwise, value = code[position]
        position += 1
        match operation:
            case 0x20:
                accumulator = words[value // 4]
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case 0x05:
                position += value
            case 0x15:
                position += then if accumulator == value else otherwise
            case 0x25:
                position += then if accumulator > value else otherwise
            case 0x35:
                position += then if accumulator >= value else otherwise
            case 0x45:
                position += then if accumulator & value else otherwise
            case _:
                raise AssertionError(f"no such operation: {operation:#x}")
