# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'psych'
require 'puppet'

module PuppetX; end

module PuppetX::DkmsAgent
  # The document of one module: /etc/dkms-agent/desired-state/NAME.yaml.
  module Document
    DIRECTORY = '/etc/dkms-agent/desired-state'
    API_VERSION = 'dkms-agent/v1'
    # What the agent takes for a key that a document leaves out. Not written, and read as if it were.
    NEUTRAL = {
      'state' => 'installed', 'directives' => {}, 'tarballs' => [], 'build' => 'auto', 'protect' => 'false', 'initramfs' => 'false'
    }.freeze
    KEYS = ['version', 'state', 'kernels', 'source', 'directives', 'tarballs', 'build', 'timeout', 'protect', 'initramfs'].freeze
    YES_OR_NO = [:protect, :initramfs].freeze
    LARGEST = 1 << 20

    # A document that is there and is not this resource's to replace.
    class Foreign < Puppet::Error; end

    def self.path(name)
      File.join(DIRECTORY, "#{name}.yaml")
    end

    # The entry that the attributes of a resource ask for.
    def self.entry(name, attributes)
      return { 'name' => name, 'version' => '*', 'state' => 'absent' } if attributes[:ensure].to_s == 'absent'

      said = KEYS.map { |key| [key, plain(attributes[key.to_sym])] }
      { 'name' => name }.merge(said.reject { |key, value| value.nil? || NEUTRAL[key] == value }.to_h)
    end

    # The entry as attributes of a resource.
    def self.attributes(entry)
      said = { 'state' => 'installed', 'kernels' => ['running', 'newest'] }.merge(entry)
      values = KEYS.map { |key| [key.to_sym, said[key]] }.reject { |_, value| value.nil? }
      values.map { |key, value| [key, YES_OR_NO.include?(key) ? value == 'true' : value] }.to_h
    end

    def self.render(name, entry)
      lines = entry.map { |key, value| "#{key}: #{JSON.generate(value)}" }
      <<~YAML
        #{mark(name, 'Dkms_module')}
        apiVersion: #{API_VERSION}
        modules:
          - #{lines.join("\n    ")}
      YAML
    end

    # The entry in the module's own document, empty if somebody has spoilt what was written here; nil without a document.
    # @raise [Foreign] if the document cannot be read, or is about more than this module
    def self.read(name)
      raise Foreign, "#{path(name)} is that of Dkms_agent::Document[#{name}]; give it another name" if marked?(name, 'Dkms_agent::Document')

      entry_in(path(name), name)
    rescue Foreign
      raise unless marked?(name, 'Dkms_module')

      {}
    end

    # Writes a document that appears whole or not at all.
    def self.write(name, entry)
      FileUtils.mkdir_p(DIRECTORY, mode: 0o755)
      Puppet::Util.replace_file(path(name), 0o644) do |file|
        file.binmode
        file.write(render(name, entry))
      end
    end

    def self.mark(name, type)
      "# Managed by Puppet, as #{type}[#{name}]: what is changed here is changed back."
    end
    private_class_method :mark

    def self.marked?(name, type)
      wanted = mark(name, type).b
      File.binread(path(name), wanted.length) == wanted
    rescue SystemCallError
      false
    end
    private_class_method :marked?

    def self.entry_in(file, name)
      tree = parse(file)
      return nil if tree.nil?

      entries = tree.is_a?(Hash) ? tree['modules'] : nil
      ours = entries.is_a?(Array) && entries.length == 1 && entries[0].is_a?(Hash) && entries[0]['name'] == name
      raise Foreign, "#{file} does not list #{name} alone; give what else it lists a document of its own" unless ours

      # What is said for the whole document counts for its only entry.
      common = tree.reject { |key, _| ['apiVersion', 'modules'].include?(key) }
      common.merge(entries[0])
    end
    private_class_method :entry_in

    # A YAML file with every scalar as the text that stands there, as the agent reads it: 1.10 is no number.
    def self.parse(file)
      raise Foreign, "#{file} is too large for a document" if File.size(file) > LARGEST

      root = Psych.parse(File.read(file, encoding: 'UTF-8'), filename: file)
      root ? as_text(root.root) : {}
    rescue Errno::ENOENT
      nil
    rescue Psych::Exception, ArgumentError, SystemCallError => e
      raise Foreign, "#{file} cannot be read: #{e.message}"
    end
    private_class_method :parse

    def self.as_text(node)
      case node
      when Psych::Nodes::Mapping
        node.children.each_slice(2).map { |key, value| [as_text(key), as_text(value)] }.to_h
      when Psych::Nodes::Sequence
        node.children.map { |child| as_text(child) }
      when Psych::Nodes::Scalar
        node.value
      else
        raise ArgumentError, 'it has an alias'
      end
    end
    private_class_method :as_text

    def self.plain(value)
      case value
      when Hash then value.map { |key, item| [key.to_s, plain(item)] }.to_h
      when Array then value.map { |item| plain(item) }
      when true, false, Symbol then value.to_s
      else value
      end
    end
    private_class_method :plain
  end
end
