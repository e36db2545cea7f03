#![doc = include_str!("../README.md")]

pub mod builder;
pub mod circuits;
pub mod verify;
