-- Leaves that are to be on seats of the register of people; an empty one is to be taken off. Seats are random: no row says whose.
CREATE TABLE IF NOT EXISTS people_wanted (
  seat TEXT NOT NULL PRIMARY KEY, leaf TEXT NOT NULL, tries BIGINT NOT NULL, due_ms BIGINT NOT NULL);
