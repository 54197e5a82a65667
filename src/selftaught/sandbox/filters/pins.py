"""SHA-256 of each filter. Written by `python -m selftaught.sandbox.filters --pin`, never by hand."""

PINS: dict[tuple[str, str], str] = {
    ("solution", "x86_64"): "816cb486e92b7d683345164fa246b3655966bdba50d244578b168f4f37ce3bf7",
    ("improver", "x86_64"): "5bf9238f11a77f2c0044af61738aef223c68330cad5b741e6bbb42e96581cc50",
    ("solution", "aarch64"): "8085aca8191a466152e42cb4e001dc436637c29081a23b3e9a916269c166a362",
    ("improver", "aarch64"): "5561caf27e07eab6fee81fd5d09d3c6da7438031756b83e7e2ac2e01d3193ce8",
}
