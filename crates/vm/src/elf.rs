//! Reading programs from ELF files.

use object::LittleEndian;
use object::elf::{
    ELFCLASS32, ELFDATA2LSB, ELFMAG, EM_RISCV, ET_EXEC, FileHeader32, PF_X, PT_LOAD, SHT_SYMTAB, STT_FUNC,
};
use object::read::elf::{FileHeader, ProgramHeader, Sym};
use thiserror::Error;

use crate::program::{LayoutError, LoadSegment};
use crate::{Program, Symbol, Symbols};

/// A file that is not a program of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ElfError {
    /// The ELF structures do not parse.
    #[error("malformed ELF: {0}")]
    Malformed(object::read::Error),
    /// Not the 32-bit little-endian kind.
    #[error("not a 32-bit little-endian ELF")]
    WrongClass,
    /// Built for another processor.
    #[error("ELF for machine {0}, not RISC-V (243)")]
    WrongMachine(u16),
    /// An object file or a shared library.
    #[error("ELF of type {0}, not an executable (2)")]
    NotExecutable(u16),
    /// A segment's content is not in the file.
    #[error("content of the segment at {address:#010x} is not in the file")]
    SegmentNotInFile {
        /// Its address.
        address: u32,
    },
    /// The segments do not make a program.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl Program {
    /// Reads an executable: ELF32, little-endian, RISC-V, `ET_EXEC`.
    ///
    /// Only `PT_LOAD` segments count. A symbol table, if there is one, gives the functions their names.
    pub fn from_elf(file: &[u8]) -> Result<Self, ElfError> {
        // Before the parser, which would call the other kinds malformed.
        let is_elf = file.starts_with(&ELFMAG);
        if is_elf && file.get(4..6).is_some_and(|kind| kind != [ELFCLASS32, ELFDATA2LSB]) {
            return Err(ElfError::WrongClass);
        }
        let header = FileHeader32::<LittleEndian>::parse(file).map_err(ElfError::Malformed)?;
        let (machine, kind) = (header.e_machine(LittleEndian), header.e_type(LittleEndian));
        if machine != EM_RISCV {
            return Err(ElfError::WrongMachine(machine));
        }
        if kind != ET_EXEC {
            return Err(ElfError::NotExecutable(kind));
        }
        let segments = segments(header, file)?;
        let symbols = symbols(header, file).map_err(ElfError::Malformed)?;
        Ok(Self::from_segments(&segments, header.e_entry(LittleEndian), symbols)?)
    }
}

fn segments<'a>(
    header: &FileHeader32<LittleEndian>,
    file: &'a [u8],
) -> Result<Vec<LoadSegment<'a>>, ElfError> {
    let headers = header.program_headers(LittleEndian, file).map_err(ElfError::Malformed)?;
    let loaded = headers.iter().filter(|header| header.p_type(LittleEndian) == PT_LOAD);
    loaded
        .map(|header| {
            let address = header.p_vaddr(LittleEndian);
            let bytes =
                header.data(LittleEndian, file).map_err(|()| ElfError::SegmentNotInFile { address })?;
            let size = header.p_memsz(LittleEndian);
            Ok(LoadSegment { address, size, bytes, executable: header.p_flags(LittleEndian) & PF_X != 0 })
        })
        .collect()
}

/// The functions of the symbol table. Empty for a stripped file.
fn symbols(header: &FileHeader32<LittleEndian>, file: &[u8]) -> object::read::Result<Symbols> {
    let table = header.sections(LittleEndian, file)?.symbols(LittleEndian, file, SHT_SYMTAB)?;
    let functions = table.iter().filter(|symbol| symbol.st_type() == STT_FUNC);
    let functions = functions.map(|symbol| {
        let name = symbol.name(LittleEndian, table.strings())?;
        let (start, size) = (symbol.st_value(LittleEndian), symbol.st_size(LittleEndian));
        Ok(Symbol::new(start, size, name))
    });
    Ok(Symbols::new(functions.collect::<object::read::Result<_>>()?))
}
