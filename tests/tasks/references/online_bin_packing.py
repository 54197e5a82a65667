"""Nearly full, or as much room as possible: what lies between is a hole that nothing will fill. Else a new bin."""

FULL, MUCH, LOST = 2, 23, 12


def algorithm(size, rooms):
    best, most = len(rooms), -LOST
    for index, room in enumerate(rooms):
        left = room - size
        worth = 200 - left if left <= FULL else left if left >= MUCH else -left
        if worth > most:
            best, most = index, worth
    return best
