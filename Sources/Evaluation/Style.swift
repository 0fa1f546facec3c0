/// The look of pages and pictures, in light and dark.
enum Style {
  /// Number of colours for curves.
  static let colorCount = 6

  /// CSS for the classes of `Drawing`; `over` is text on a strongly coloured cell.
  static let picture = """
    :root{color-scheme:light dark;--surface:#fcfcfb;--panel:#fff;--text:#1d1d1b;--quiet:#63625d;--grid:#e3e2dd;
    --accent:#1f63c6;--over:#fff;
    --c0:#2a78d6;--c1:#e0562a;--c2:#128a60;--c3:#7a4fd0;--c4:#b57a00;--c5:#c93d82}
    @media(prefers-color-scheme:dark){:root{--surface:#171716;--panel:#1f1f1d;--text:#f0efea;--quiet:#a5a49d;
    --grid:#383733;--accent:#74aefc;--over:#10131a;
    --c0:#5b9df0;--c1:#ff8a5c;--c2:#3fc492;--c3:#ab8cf5;--c4:#dba83a;--c5:#ee7fb2}}
    .picture{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
    .picture text{fill:var(--text)}.picture .small{font-size:9px}.picture .figure{font-size:10px}
    .picture .over{fill:var(--over)}.picture .quiet,.picture .muted{fill:var(--quiet)}
    .picture .surface{fill:var(--surface)}.picture .cell{fill:var(--accent)}
    .picture .absent{fill:var(--grid);fill-opacity:.6}
    .picture .grid{stroke:var(--grid);stroke-width:1}.picture .curve{fill:none;stroke-width:1.75;stroke-linejoin:round}
    .picture .ideal{stroke:var(--quiet);stroke-dasharray:4 4}.picture .count{fill:var(--quiet);fill-opacity:.6}
    \((0..<colorCount).map { ".picture .curve.c\($0){stroke:var(--c\($0))}.picture .dot.c\($0){fill:var(--c\($0))}" }
      .joined(separator: "\n"))
    """

  /// CSS for the report around its pictures.
  static let page = """
    *{box-sizing:border-box}
    body{margin:0;background:var(--surface);color:var(--text);
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
    main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}
    h1{font-size:28px;line-height:1.2;margin:0 0 4px}h2{font-size:19px;margin:44px 0 12px}
    h3{font-size:14px;margin:0 0 6px}p{margin:0 0 12px;max-width:76ch}.quiet{color:var(--quiet)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:24px 0}
    .tile,.panel{background:var(--panel);border:1px solid var(--grid);border-radius:8px;padding:14px 16px}
    .tile b{display:block;font-size:28px;line-height:1.25;font-variant-numeric:tabular-nums}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:16px}
    .charts .picture{max-width:100%;height:auto}
    .row{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}
    .beside{flex:1 1 320px}
    .wide{overflow-x:auto;max-width:100%}.picture{display:block}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
    thead th{font-size:13px;color:var(--quiet);font-weight:600;white-space:nowrap}
    th.n,td.n{text-align:right}tbody th{font-weight:500}
    .facts th{color:var(--quiet);font-weight:400;white-space:nowrap}.facts td{overflow-wrap:anywhere}
    .bar{display:inline-block;width:120px;height:8px;background:var(--grid);border-radius:4px;overflow:hidden}
    .bar i{display:block;height:100%;background:var(--c0)}
    .shown th,.shown td{background:color-mix(in srgb,var(--accent) 10%,transparent)}
    @media print{.panel,.tile{break-inside:avoid}}
    """
}
