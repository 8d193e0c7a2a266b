//! Tests that need no adapter: the program on the CPU, the files it reads and writes, and the library
//! against references that share no line with it. `cargo test --test host gradients` runs one file.

#[path = "../common/mod.rs"]
mod common;

mod archives;
mod bench;
mod classes;
mod commands;
mod curvature;
mod data;
mod data_image;
mod doctor;
mod evaluation;
mod faults;
mod gauss_newton;
mod gradients;
mod habits;
mod hostile;
mod house;
mod idx;
mod import;
mod keep;
mod library;
mod limits;
mod look;
mod mutations;
mod names;
mod networks;
mod own_data;
mod paper;
mod papers;
mod pictures;
mod random;
mod readers;
mod refused;
mod reproduce;
mod runs;
mod sdlm;
mod seeds;
mod shaders;
mod share;
mod stream;
mod tables;
mod ulimits;
mod views;
mod web;
mod whole;
