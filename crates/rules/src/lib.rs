//! Rule sets: parse, check, evaluate, explain; without I/O.
