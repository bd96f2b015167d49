//! What must reach into the room: figures.

mod figures;
