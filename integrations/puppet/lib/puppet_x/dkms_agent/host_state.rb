# frozen_string_literal: true

require_relative 'agent'
require_relative 'document'
require_relative 'outlook'

module PuppetX; end

module PuppetX::DkmsAgent
  # What dkms-agent says of a host, module by module.
  class HostState
    LEVELS = ['added', 'built', 'installed'].freeze

    def initialize
      @status = Agent.status
    end

    # Every module that the DKMS tree has, or that is wanted.
    def names
      plan = @status['plan'] || {}
      wanted = ['changes', 'blocked'].flat_map { |key| (plan[key] || []).reject { |one| one['after'] == 'absent' } }
      (@status['modules'].map { |one| one['name'] } + wanted.map { |one| one['address'].split('/').first }).uniq.sort
    end

    # The module as attributes of a resource; nil if it is neither there nor wanted.
    def resource(name)
      entry, untold = own_entry(name)
      versions = @status['modules'].select { |one| one['name'] == name }
      wanted = entry && entry['state'] != 'absent'
      planned = !Outlook.of(@status['plan'] || {}, name).lines.empty?
      return nil unless wanted || planned || !versions.empty?

      said = wanted ? Document.attributes(entry) : found(versions)
      { name: name, ensure: 'present' }.merge(said).merge(pending: untold + outlook(name).lines, **seen(versions))
    end

    # What will become of the module as the documents stand.
    def outlook(name)
      @status['plan'] ? Outlook.of(@status['plan'], name) : Outlook.without_plan(@status['diagnostics'])
    end

    private

    # @return [Array((Hash, nil), Array<String>)] the document's entry, or why there is none
    def own_entry(name)
      entry = Document.read(name)
      [entry, entry ? [] : ["it has no document of its own: #{Document.path(name)}"]]
    rescue Document::Foreign => e
      [nil, [e.message]]
    end

    # What nobody has written down is told by what has come furthest: that version, and the kernels that have it.
    def found(versions)
      best = versions.max_by { |one| [level(one), one['instances'].length] }
      # Another document lists it, and nothing of it is there yet.
      return {} if best.nil?

      top = LEVELS[level(best)]
      releases = best['instances'].select { |one| one['level'] == top }.map { |one| one['kernel']['release'] }.uniq
      { version: best['version'], state: top, kernels: releases.empty? ? ['running', 'newest'] : releases }
    end

    def level(version)
      version['instances'].map { |one| LEVELS.index(one['level']) || 0 }.max || 0
    end

    def seen(versions)
      instances = versions.flat_map { |version| version['instances'] }
      bare = versions.select { |version| version['instances'].empty? }.map { |version| "#{version['version']} added" }
      {
        instances: bare + instances.map { |one| "#{one['address'].split('/', 2).last} #{one['level']}" },
        problems: instances.flat_map { |one| one['problems'].map { |problem| "#{one['address']}: #{problem['message']}" } },
      }
    end
  end
end
