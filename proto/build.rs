//! Compiles the schema with protox: no `protoc` is needed.

#![allow(clippy::disallowed_methods)] // Cargo speaks to build scripts by environment variables.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error, fs};

use heck::ToUpperCamelCase as _;
use prost_reflect::DescriptorPool;

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo:rerun-if-changed=schema");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["schema"])?;
    compiler.include_imports(true);
    for folder in ["schema/ec2/v1", "schema/cluster/v1"] {
        for file in protos(Path::new(folder))? {
            compiler.open_file(file)?;
        }
    }

    // The encoded form keeps the custom options; `FileDescriptorSet` structs would lose them.
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &descriptors)?;
    fs::write(out.join("inputs.rs"), inputs(&DescriptorPool::decode(descriptors.as_slice())?)?)?;

    let typed = prost::Message::decode(descriptors.as_slice())?;
    tonic_prost_build::configure().bytes(".cluster").codec_path("crate::codec::WireCodec").compile_fds(typed)?;
    Ok(())
}

fn protos(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// `impl Input` for every action's request.
fn inputs(pool: &DescriptorPool) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for service in pool.services().filter(|service| service.package_name() == "ec2.v1") {
        for method in service.methods() {
            let input = method.input();
            // prost spells its types in heck's camel case.
            writeln!(code, "impl crate::Input for {} {{", input.name().to_upper_camel_case())?;
            writeln!(code, "    const ACTION: &'static str = \"{}\";", method.name())?;
            writeln!(code, "    const PATH: &'static str = \"/{}/{}\";", service.full_name(), method.name())?;
            writeln!(code, "    type Output = {};", method.output().name().to_upper_camel_case())?;
            if input.get_field_by_name("client_token").is_some() {
                writeln!(code, "    fn client_token(&self) -> Option<&str> {{ self.client_token.as_deref() }}")?;
            }
            writeln!(code, "}}")?;
        }
    }
    Ok(code)
}
