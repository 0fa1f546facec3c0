/// Translates the names of I3D's tensors in published programs to those of piergiaj/pytorch-i3d.
///
/// hassony2/kinetics_i3d_pytorch has `mixed_3b.branch_1.0.batch3d.weight`, conversions of DeepMind's code have
/// `Mixed_3b.branch_1.Conv3d_0a_1x1.batch_norm.weight`; both mean `Mixed_3b.b1a.bn.weight`.
///
/// - Source: methods.md 1.6.
enum PublishedNames {
  private static let modules: [String: String] = {
    let units = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"]
    let mixed = ["3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"].map { "Mixed_" + $0 }
    let logits = ["logits", "conv3d_0c_1x1", "conv3d_6b_1x1"].map { ($0, "logits") }
    return Dictionary(uniqueKeysWithValues: (units + mixed).map { ($0.lowercased(), $0) } + logits)
  }()
  private static let layers = [
    "conv3d": "conv3d", "conv_3d": "conv3d", "conv": "conv3d", "bn": "bn", "batch3d": "bn", "batch_norm": "bn",
    "batchnorm": "bn",
  ]
  private static let units = ["b0", "b1a", "b1b", "b2a", "b2b", "b3b"]
  /// A branch, and the unit's position or name in it.
  private static let branches = [
    "branch_0.conv3d_0a_1x1": "b0", "branch_1.0": "b1a", "branch_1.conv3d_0a_1x1": "b1a", "branch_1.1": "b1b",
    "branch_1.conv3d_0b_3x3": "b1b", "branch_2.0": "b2a", "branch_2.conv3d_0a_1x1": "b2a", "branch_2.1": "b2b",
    "branch_2.conv3d_0b_3x3": "b2b", "branch_2.conv3d_0a_3x3": "b2b", "branch_3.1": "b3b",
    "branch_3.conv3d_0b_1x1": "b3b",
  ]

  /// True if a name is the first convolution's, whatever its prefix, such as `module.`.
  static func isStem(_ name: String) -> Bool {
    let name = published(name)
    return name == StudentImport.stem || name.hasSuffix("." + StudentImport.stem)
  }

  /// A tensor's name as in piergiaj/pytorch-i3d, keeping its prefix; other names are unchanged.
  static func published(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, let at = parts.firstIndex(where: { modules[$0.lowercased()] != nil }),
      let module = modules[parts[at].lowercased()]
    else { return name }
    var rest = parts[(at + 1)...].map { $0 }
    var translated = Array(parts[..<at]) + [module]
    if module.hasPrefix("Mixed"), let first = rest.first?.lowercased() {
      if units.contains(first) {
        translated.append(first)
        rest.removeFirst()
      } else if rest.count > 1, let unit = branches[first + "." + rest[1].lowercased()] {
        translated.append(unit)
        rest.removeFirst(2)
      } else if first == "branch_0" {
        translated.append("b0")
        rest.removeFirst()
      } else {
        return name
      }
    } else if module == "logits", let first = rest.first?.lowercased(), modules[first] == "logits" {
      rest.removeFirst()
    }
    guard rest.count == 2, let layer = layers[rest[0].lowercased()] else { return name }
    return (translated + [layer, rest[1]]).joined(separator: ".")
  }
}
