# frozen_string_literal: true

require_relative 'agent'
require_relative 'document'

module PuppetX; end

module PuppetX::DkmsAgent
  # What dkms-agent says of a host, module by module.
  class HostState
    LEVELS = ['added', 'built', 'installed'].freeze
    # From so many on, the first ones and a count say as much.
    MOST_LINES = 20

    # What a plan does to a module and what it cannot do, one line each.
    def self.lines(plan, name)
      changes = about(plan['changes'], name).map do |change|
        drift = change['drift'] == 'corrective' ? ' (drift)' : ''
        actions = change['actions'] - ['depmod']
        "#{(actions.empty? ? ['depmod'] : actions).join(', ')} #{change['address']}: #{change['reason']['text']}#{drift}"
      end
      blocked = about(plan['blocked'], name).map do |one|
        "blocked #{one['address']}: #{one['text']} [#{one['code']}]: #{one['remedy']}"
      end
      [shorten(changes), shorten(blocked)]
    end

    def self.about(items, name)
      (items || []).select { |item| item['address'] == name || item['address'].start_with?("#{name}/") }
    end

    def self.shorten(lines)
      return lines if lines.length <= MOST_LINES

      lines.first(MOST_LINES) + ["and #{lines.length - MOST_LINES} more"]
    end
    private_class_method :shorten

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
      planned = self.class.lines(@status['plan'] || {}, name).flatten
      return nil unless wanted || !versions.empty? || !planned.empty?

      said = wanted ? Document.attributes(entry) : found(versions)
      { name: name, ensure: 'present' }.merge(said).merge(pending: untold + pending(name).flatten, **seen(versions))
    end

    # What would be done to the module, and what cannot be, as the documents stand.
    # @return [Array(Array<String>, Array<String>)]
    def pending(name)
      return self.class.lines(@status['plan'], name) if @status['plan']

      # Without a plan, documents are either none, or broken: then nobody can tell, and the next apply will say so.
      errors = @status['diagnostics'].select { |one| one['severity'] == 'error' }
      [[], errors.map { |one| "blocked: #{Agent.problem(one)}" }]
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
