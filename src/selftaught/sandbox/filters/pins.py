"""SHA-256 of each filter. Written by `python -m selftaught.sandbox.filters --pin`, never by hand."""

PINS: dict[tuple[str, str], str] = {
    ("solution", "x86_64"): "2d9fd1b64453876acceec167437ed4b9440e2cdfbe7cd51961510cc8f296a2fa",
    ("improver", "x86_64"): "44f0f912af0c1928d57af3103a61cfcd0a984f2eba464768ce0d584a6feb169a",
    ("solution", "aarch64"): "adc988f74d3741ca1d459771fb4ac398d3bb7fb279c464833d249fe1141526e2",
    ("improver", "aarch64"): "9d72f24186e17da48683ea965735bab5897d88a5d1ebf50092d7552ec148398e",
}
